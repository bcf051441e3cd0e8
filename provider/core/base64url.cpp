#include "base64url.h"

#include <algorithm>
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

// The value of each character where it stands in a group of four, so that a group needs no shifts.
using Column = std::array<std::uint32_t, 256>;
constexpr std::uint32_t no_digit = 0x80000000;
constexpr Column make_column(unsigned shift) {
    Column column{};
    for (std::size_t i = 0; i < column.size(); ++i)
        column[i] = values[i] == invalid ? no_digit : std::uint32_t{values[i]} << shift;
    return column;
}
constexpr std::array<Column, 4> columns{make_column(18), make_column(12), make_column(6), make_column(0)};

std::uint32_t group_of(std::string_view text) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 4; ++i) bits |= columns[i][static_cast<unsigned char>(text[i])];
    return bits;
}

// The bytes of unpadded base64url; none if anything is wrong with it.
std::optional<Bytes> decode(std::string_view text) {
    const auto rest_size = text.size() % 4;
    if (rest_size == 1) return std::nullopt;
    Bytes decoded(text.size() / 4 * 3 + (rest_size == 0 ? 0 : rest_size - 1));
    std::uint32_t seen = 0;
    auto out = decoded.begin();
    for (; text.size() >= 4; text.remove_prefix(4)) {
        const auto bits = group_of(text);
        seen |= bits;
        *out++ = static_cast<std::uint8_t>(bits >> 16U);
        *out++ = static_cast<std::uint8_t>(bits >> 8U);
        *out++ = static_cast<std::uint8_t>(bits);
    }
    if (rest_size != 0) {
        std::array<char, 4> last{'A', 'A', 'A', 'A'};  // value 0
        std::ranges::copy(text, last.begin());
        const auto bits = group_of({last.data(), last.size()});
        seen |= bits;
        *out++ = static_cast<std::uint8_t>(bits >> 16U);
        if (rest_size == 3) *out = static_cast<std::uint8_t>(bits >> 8U);
        const std::uint32_t stray = rest_size == 3 ? 0xff : 0xffff;
        if ((bits & stray) != 0) return std::nullopt;
    }
    if ((seen & no_digit) != 0) return std::nullopt;
    return decoded;
}

// What is wrong with unpadded text that did not decode.
Failure diagnose(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i)
        if (values[static_cast<unsigned char>(text[i])] == invalid)
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
