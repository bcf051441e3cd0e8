// Command lines of the test programs: options with one dash, some with a value.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace forge {

class UsageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// A whole number from 0 to `greatest`. Throws UsageError.
inline std::uint64_t parse_number(std::string_view text,
                                  std::uint64_t greatest = std::numeric_limits<std::uint64_t>::max()) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number > greatest)
        throw UsageError("not a number from 0 to " + std::to_string(greatest) + ": " + std::string(text));
    return number;
}

struct Option {
    std::string_view name;
    std::function<void()> set;                   // without a value
    std::function<void(std::string_view)> take;  // with the argument that follows
};

inline Option flag(std::string_view name, bool &target) {
    return {name, [&target] { target = true; }, nullptr};
}

template <class T>
Option number(std::string_view name, T &target, std::uint64_t greatest = std::numeric_limits<T>::max()) {
    return {name, nullptr,
            [&target, greatest](std::string_view text) { target = static_cast<T>(parse_number(text, greatest)); }};
}

inline Option text(std::string_view name, std::string &target) {
    return {name, nullptr, [&target](std::string_view given) { target = given; }};
}

// Throws UsageError.
inline void parse_arguments(std::span<char *> given, std::span<const Option> options) {
    for (std::size_t i = 0; i < given.size(); ++i) {
        const std::string_view name = given[i];
        const auto option = std::find_if(options.begin(), options.end(), [name](const auto &o) { return o.name == name; });
        if (option == options.end()) throw UsageError("unknown option " + std::string(name));
        if (option->set) {
            option->set();
            continue;
        }
        if (++i == given.size()) throw UsageError("no value for " + std::string(name));
        option->take(given[i]);
    }
}

}  // namespace forge
