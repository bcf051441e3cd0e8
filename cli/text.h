// Putting text together.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace mhsm::cli {

inline std::string concat(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const auto part : parts) text += part;
    return text;
}

inline std::string blanks(std::size_t count) { return std::string(count, ' '); }

// `text` followed by blanks up to `width`, and at least one.
inline std::string padded(std::string_view text, std::size_t width) {
    return concat({text, blanks(text.size() < width ? width - text.size() : 1)});
}

}  // namespace mhsm::cli
