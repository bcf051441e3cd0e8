#include "clock.h"

#include <chrono>

namespace mhsm::cli {

std::int64_t now() {
    using namespace std::chrono;
    return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

VerificationTime verification_time(const Options &options) {
    if (options.no_check_time) return std::nullopt;
    return options.attime.value_or(now());
}

}  // namespace mhsm::cli
