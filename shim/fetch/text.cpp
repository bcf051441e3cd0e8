#include "text.h"

#include <cstdlib>

#include "core/attributes.h"

namespace mhsm::fetch {

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::optional<unsigned> decimal(std::string_view text, unsigned most) {
    if (text.empty() || text.size() > 9) return std::nullopt;
    unsigned value = 0;
    for (const auto c : text) {
        if (!is_digit(c)) return std::nullopt;
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    if (value > most) return std::nullopt;
    return value;
}

std::string one_line(std::string_view text, std::size_t most) {
    std::string line;
    for (const auto c : trimmed(text.substr(0, 4 * most))) {
        const bool blank = white_space.find(c) != std::string_view::npos;
        if (!blank)
            line += c;
        else if (!line.empty() && line.back() != ' ')
            line += ' ';
    }
    line = printable(line);
    if (line.size() > most) line = line.substr(0, most - 3) + "...";
    return line;
}

std::string percent_encoded(std::string_view text) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const auto c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~')
            encoded += c;
        else
            encoded += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
    return encoded;
}

std::optional<std::string> environment(const char *name) {
    const auto *value = secure_getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
}

}  // namespace mhsm::fetch
