// What every fuzz target must be able to say: a property that does not hold stops the run.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/reader.h"

extern "C" {
int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);
// Changes `data` in place as libFuzzer sees fit; the replayer brings a simple one of its own.
std::size_t LLVMFuzzerMutate(std::uint8_t *data, std::size_t size, std::size_t max_size);
}

namespace mhsm::fuzz {

inline void require(bool holds, std::string_view property) {
    if (holds) return;
    static_cast<void>(
        std::fprintf(stderr, "PROPERTY VIOLATED: %.*s\n", static_cast<int>(property.size()), property.data()));
    std::abort();
}

// Text for terminals and logs: lines of printable ASCII, nothing else.
inline void require_printable(std::string_view text, std::string_view what) {
    for (const char c : text)
        require(c == '\n' || (c >= ' ' && c <= '~'), std::string(what) + " is safe for a terminal");
}

// Hands out the bytes of an input front to back; after the end there are empty strings and zeros.
class Input {
public:
    Input(const std::uint8_t *data, std::size_t size) : bytes_(data, size) {}

    std::uint8_t byte() {
        const auto taken = bytes(1);
        return taken.empty() ? std::uint8_t{0} : taken[0];
    }
    ByteView bytes(std::size_t count) {
        const auto taken = bytes_.first(std::min(count, bytes_.size()));
        bytes_ = bytes_.subspan(taken.size());
        return taken;
    }
    ByteView rest() { return bytes(bytes_.size()); }
    // Up to the next newline, which is dropped.
    std::string_view line() {
        const auto text = as_text(bytes_);
        const auto found = text.substr(0, text.find('\n'));
        bytes_ = bytes_.subspan(std::min(found.size() + 1, bytes_.size()));
        return found;
    }
    bool empty() const { return bytes_.empty(); }

private:
    ByteView bytes_;
};

}  // namespace mhsm::fuzz
