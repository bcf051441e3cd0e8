// The one clock of everything that is not the core.
#pragma once

#include <chrono>
#include <cstdint>

namespace mhsm::support {

// Seconds since 1970.
inline std::int64_t unix_time() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count();
}

}  // namespace mhsm::support
