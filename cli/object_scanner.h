// Finds the end of a JSON object in a stream, whole or broken.
#pragma once

#include <cstdint>
#include <string_view>

namespace mhsm::cli {

// Says nothing about the object itself: that is for the strict parser. Where one is broken, the scanner stops so
// that the next object is found: at a line feed within a string, and at a brace where JSON has none or where, at the
// beginning of a line after a colon, nobody puts one.
class ObjectScanner {
public:
    // Goes on in `text`, which begins with the object and grows from call to call. True once the end is found.
    bool scan(std::string_view text);
    // How many bytes belong to the object, so far.
    std::size_t size() const { return position_; }
    // Forgets the first `count` bytes, which were scanned: the next text begins after them.
    void drop(std::size_t count) { position_ -= count; }

private:
    enum class Step { on, more, end };
    Step string(std::string_view text);
    Step structure(std::string_view text);
    bool object_cannot_begin(std::string_view text) const;
    bool in_array() const { return (arrays_ & 1U) != 0; }

    std::size_t position_ = 0, depth_ = 0;
    std::uint64_t arrays_ = 0;  // of the innermost 64 containers: which are arrays
    char last_ = ':';           // the last byte that was no space
    bool in_string_ = false;
};

}  // namespace mhsm::cli
