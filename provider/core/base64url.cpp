#include "base64url.h"

#include <array>

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

}  // namespace

Result<Bytes> base64url_decode(std::string_view text) {
    const auto line_break = text.find_first_of("\r\n");
    if (line_break != std::string_view::npos)
        return Failure{Reason::field_line_breaks, {}, "at offset " + std::to_string(line_break)};
    const auto unpadded = without_padding(text);
    if (!unpadded) return unpadded.failure();

    Bytes decoded;
    decoded.reserve(unpadded->size() * 3 / 4);
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (std::size_t i = 0; i < unpadded->size(); ++i) {
        const auto value = values[static_cast<unsigned char>((*unpadded)[i])];
        if (value == invalid) return bad("a character outside A-Z a-z 0-9 - _ at offset " + std::to_string(i));
        bits = (bits << 6U) | value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            decoded.push_back(static_cast<std::uint8_t>(bits >> held));
            bits &= (1U << held) - 1U;
        }
    }
    if (unpadded->size() % 4 == 1) return bad("its length is impossible");
    if (bits != 0) return bad("the last character carries stray bits");
    return decoded;
}

}  // namespace mhsm
