#include <algorithm>
#include <cstring>
#include <random>

#include "replay.h"

namespace {

std::minstd_rand &chance() {
    static std::minstd_rand generator;
    return generator;
}

}  // namespace

void mhsm::fuzz::seed_changes(unsigned seed) { chance().seed(seed); }

// One small change: what to change the fuzzer decides better, but this needs none.
std::size_t LLVMFuzzerMutate(std::uint8_t *data, std::size_t size, std::size_t max_size) {
    const auto pick = [](std::size_t count) { return count == 0 ? 0 : chance()() % count; };
    const auto at = pick(size);
    const auto count = std::min(pick(8) + 1, size - at);
    switch (pick(4)) {
        case 0:
            if (size != 0) data[at] = static_cast<std::uint8_t>(chance()());
            return size;
        case 1: std::memmove(data + at, data + at + count, size - at - count); return size - count;
        case 2:
            if (size + count > max_size) return size;
            std::memmove(data + at + count, data + at, size - at);
            return size + count;
        default:
            if (size != 0) data[at] = static_cast<std::uint8_t>(data[at] ^ (1U << pick(8)));
            return size;
    }
}
