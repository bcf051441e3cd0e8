#include "clock.h"

#include "support/clock.h"

namespace mhsm::cli {

std::int64_t now() { return support::unix_time(); }

VerificationTime verification_time(const Options &options) {
    if (options.no_check_time) return std::nullopt;
    return options.attime.value_or(now());
}

}  // namespace mhsm::cli
