#include "base64url.h"

#include <array>
#include <optional>

namespace mhsm {
namespace {

constexpr std::uint8_t invalid = 0xff;

constexpr std::array<std::uint8_t, 256> make_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(invalid);
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    return values;
}

constexpr auto values = make_values();

Failure bad(std::string detail) { return {Reason::field_bad_base64url, {}, std::move(detail)}; }

// Removes padding if it is the correct one for the text before it.
Result<std::string_view> without_padding(std::string_view text) {
    const auto end = text.find('=');
    if (end == std::string_view::npos) return text;
    const auto padding = text.substr(end);
    const bool correct = text.size() % 4 == 0 && (padding == "=" || padding == "==");
    if (!correct) return bad("wrong padding at offset " + std::to_string(end));
    return text.substr(0, end);
}

std::uint8_t value_of(char c) { return values[static_cast<unsigned char>(c)]; }

// The bytes of unpadded base64url; none if anything is wrong with it.
std::optional<Bytes> decode(std::string_view text) {
    constexpr std::uint8_t no_digit = 0xc0;  // bits that no value but `invalid` has
    Bytes decoded;
    decoded.resize(text.size() / 4 * 3 + (text.size() % 4 == 0 ? 0 : text.size() % 4 - 1));
    std::uint8_t seen = 0;
    auto out = decoded.begin();
    std::size_t i = 0;
    for (; i + 4 <= text.size(); i += 4) {
        const std::uint8_t a = value_of(text[i]), b = value_of(text[i + 1]);
        const std::uint8_t c = value_of(text[i + 2]), d = value_of(text[i + 3]);
        seen |= a | b | c | d;
        *out++ = static_cast<std::uint8_t>(a << 2U | b >> 4U);
        *out++ = static_cast<std::uint8_t>(b << 4U | c >> 2U);
        *out++ = static_cast<std::uint8_t>(c << 6U | d);
    }
    const auto rest = text.substr(i);
    if (rest.size() == 1) return std::nullopt;
    std::uint32_t bits = 0;
    for (const char c : rest) {
        seen |= value_of(c);
        bits = bits << 6U | value_of(c);
    }
    const unsigned stray = rest.size() == 3 ? 2 : 4;  // bits after the last whole byte
    if ((seen & no_digit) != 0 || (!rest.empty() && (bits & ((1U << stray) - 1U)) != 0)) return std::nullopt;
    bits >>= stray;
    if (rest.size() == 3) *out++ = static_cast<std::uint8_t>(bits >> 8U);
    if (!rest.empty()) *out = static_cast<std::uint8_t>(bits);
    return decoded;
}

// What is wrong with unpadded text that did not decode.
Failure diagnose(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i)
        if (value_of(text[i]) == invalid)
            return bad("a character outside A-Z a-z 0-9 - _ at offset " + std::to_string(i));
    return bad(text.size() % 4 == 1 ? "its length is impossible" : "the last character carries stray bits");
}

}  // namespace

Result<Bytes> base64url_decode(std::string_view text) {
    const auto unpadded = without_padding(text);
    if (unpadded)
        if (auto decoded = decode(*unpadded)) return std::move(*decoded);
    const auto line_break = text.find_first_of("\r\n");
    if (line_break != std::string_view::npos)
        return Failure{Reason::field_line_breaks, {}, "at offset " + std::to_string(line_break)};
    return unpadded ? diagnose(*unpadded) : unpadded.failure();
}

}  // namespace mhsm
