// Strict base64url.
#include "core/base64url.h"

#include <string>

#include "outcomes.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void check_bad(std::string_view text, std::string_view detail) {
    const Context context{std::string(text)};
    CHECK_FAILS(base64url_decode(text), Reason::field_bad_base64url, "", detail);
}

void check_decodes(std::string_view text, std::string_view expected) {
    const Context context{std::string(text)};
    const auto decoded = base64url_decode(text);
    CHECK_PASSES(decoded);
    CHECK_EQ(as_text(*decoded), expected);
}

}  // namespace

TEST(vectors_of_rfc_4648) {
    check_decodes("", "");
    check_decodes("Zg", "f");
    check_decodes("Zm8", "fo");
    check_decodes("Zm9v", "foo");
    check_decodes("Zm9vYg", "foob");
    check_decodes("Zm9vYmE", "fooba");
    check_decodes("Zm9vYmFy", "foobar");
    check_decodes("-_-_", "\xfb\xff\xbf");
}

TEST(correct_padding_is_accepted) {
    check_decodes("Zg==", "f");
    check_decodes("Zm8=", "fo");
    check_decodes("Zm9vYg==", "foob");
}

TEST(wrong_padding_is_refused) {
    check_bad("Zg=", "wrong padding at offset 2");
    check_bad("Zg===", "wrong padding at offset 2");
    check_bad("Zm8==", "wrong padding at offset 3");
    check_bad("Zm9v=", "wrong padding at offset 4");
    check_bad("Zm9v====", "wrong padding at offset 4");
    check_bad("Z===", "wrong padding at offset 1");
    check_bad("=", "wrong padding at offset 0");
    check_bad("====", "wrong padding at offset 0");
    check_bad("Zg=a", "wrong padding at offset 2");
    check_bad("Zg==Zg==", "wrong padding at offset 2");
    check_bad("Zg= ", "wrong padding at offset 2");
    check_bad("Z=g=", "wrong padding at offset 1");
}

TEST(every_length_up_to_one_hundred) {
    Bytes bytes;
    for (int size = 0; size <= 100; ++size) {
        const auto text = base64url(bytes);
        const Context context(text);
        const auto decoded = base64url_decode(text);
        CHECK_PASSES(decoded);
        CHECK(*decoded == bytes);
        bytes.push_back(static_cast<std::uint8_t>(size * 37 + 11));
    }
}

TEST(lengths_of_one_more_than_a_multiple_of_four_are_impossible) {
    check_bad("A", "its length is impossible");
    check_bad("Zm9vA", "its length is impossible");
    check_bad("Zm9vZm9vQ", "its length is impossible");
}

TEST(stray_bits_are_refused) {
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        const std::string one_byte{'Z', alphabet[i]};
        const std::string two_bytes{'Z', 'm', alphabet[i]};
        if (i % 16 == 0)
            CHECK_PASSES(base64url_decode(one_byte));
        else
            check_bad(one_byte, "the last character carries stray bits");
        if (i % 4 == 0)
            CHECK_PASSES(base64url_decode(two_bytes));
        else
            check_bad(two_bytes, "the last character carries stray bits");
    }
    check_bad("Zh==", "the last character carries stray bits");
}

TEST(every_byte_outside_the_alphabet_is_refused) {
    for (int value = 0; value < 256; ++value) {
        const char c = static_cast<char>(value);
        if (alphabet.find(c) != std::string_view::npos) continue;
        const std::string text{'A', 'A', c, 'A'};
        if (c == '\n' || c == '\r')
            CHECK_FAILS(base64url_decode(text), Reason::field_line_breaks, "", "at offset 2");
        else if (c == '=')
            check_bad(text, "wrong padding at offset 2");
        else
            check_bad(text, "a character outside A-Z a-z 0-9 - _ at offset 2");
    }
}

TEST(line_breaks_have_their_own_reason_wherever_they_are) {
    CHECK_FAILS(base64url_decode("Zm9v\nYmFy"), Reason::field_line_breaks, "", "at offset 4");
    CHECK_FAILS(base64url_decode("Zm9v\r\nYmFy"), Reason::field_line_breaks, "", "at offset 4");
    CHECK_FAILS(base64url_decode("Zm9v\n"), Reason::field_line_breaks, "", "at offset 4");
    CHECK_FAILS(base64url_decode("+/\n"), Reason::field_line_breaks, "", "at offset 2");
}
