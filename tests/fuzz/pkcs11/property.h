// A property that does not hold stops the run.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

namespace mhsm::fuzz {

inline void require_property(bool holds, const char *property) {
    if (holds) return;
    static_cast<void>(std::fprintf(stderr, "PROPERTY VIOLATED: %s\n", property));
    std::abort();
}

}  // namespace mhsm::fuzz
