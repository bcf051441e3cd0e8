// Text of protocols and files, whatever the locale of the process makes of letters.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

namespace mhsm {

inline std::string concat(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const auto part : parts) text += part;
    return text;
}

constexpr char lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (auto &c : lower) c = lower_case(c);
    return lower;
}

inline bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower_case(x) == lower_case(y); });
}

inline constexpr std::string_view white_space = " \t\r\n\v\f";

// Without white space around it.
constexpr std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(white_space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

}  // namespace mhsm
