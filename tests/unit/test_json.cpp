// The strict JSON reader: grammar and encoding. Limits are in test_json_limits.cpp.
#include "core/json.h"

#include <string>
#include <vector>

#include "outcomes.h"

using namespace mhsm;
using namespace mhsm::test;
using namespace std::string_literals;

namespace {

void check_reason(const std::string &text, Reason reason, std::string_view detail) {
    const Context context(text.substr(0, 60));
    CHECK_FAILS(parse_json_object(as_bytes(text)), reason, "evidence", detail);
}

// A member's value inside an object, because only objects are accepted at the top. It begins at byte 5.
std::string member(const std::string &value) { return "{\"a\":" + value + "}"; }

void check_value_syntax(const std::string &value) {
    const Context context(value);
    const auto parsed = parse_json_object(as_bytes(member(value)));
    CHECK(!parsed.ok());
    CHECK_EQ(parsed.failure().reason, Reason::json_syntax);
    CHECK_CONTAINS(parsed.failure().detail, "at byte ");
}

void check_value(const std::string &value) {
    const Context context(value);
    CHECK_PASSES(parse_json_object(as_bytes(member(value))));
}

std::string string_value(const std::string &value) {
    const auto parsed = parse_json_object(as_bytes(member(value)));
    CHECK_PASSES(parsed);
    const char *text = json_string(json_member(parsed->get(), "a"));
    CHECK(text != nullptr);
    return text;
}

std::string utf16(std::string_view ascii, bool big_endian, bool byte_order_mark) {
    std::string text = !byte_order_mark ? "" : big_endian ? "\xfe\xff" : "\xff\xfe";
    for (const char c : ascii) text += big_endian ? std::string{'\0', c} : std::string{c, '\0'};
    return text;
}

}  // namespace

TEST(an_object_with_every_kind_of_value) {
    const auto parsed = parse_json_object(as_bytes(
        " \t\r\n{ \"s\" : \"x\" , \"n\":-1.5e+3,\"t\":true,\"f\":false,\"z\":null,\"a\":[ 1 , [] ],\"o\":{} } \n"));
    CHECK_PASSES(parsed);
    const auto *root = parsed->get();
    CHECK_EQ(std::string_view(json_string(json_member(root, "s"))), "x");
    CHECK_EQ(json_member(root, "n")->valuedouble, -1500.0);
    CHECK(json_string(json_member(root, "n")) == nullptr);
    CHECK(json_member(root, "S") == nullptr);
    CHECK(json_string(json_member(root, "absent")) == nullptr);
}

TEST(nothing_at_all_is_empty) {
    check_reason("", Reason::json_empty, "");
    check_reason(" \t\r\n", Reason::json_empty, "");
    check_reason("\xef\xbb\xbf", Reason::json_empty, "");
    check_reason("\xef\xbb\xbf \n", Reason::json_empty, "");
}

TEST(a_utf8_byte_order_mark_is_accepted_once) {
    CHECK_PASSES(parse_json_object(as_bytes("\xef\xbb\xbf{}")));
    check_reason("\xef\xbb\xbf\xef\xbb\xbf{}", Reason::json_syntax, "at byte ");
    check_reason(" \xef\xbb\xbf{}", Reason::json_syntax, "at byte 1");
}

TEST(utf16_is_recognised_with_and_without_byte_order_mark) {
    for (const bool big_endian : {false, true})
        for (const bool mark : {false, true})
            check_reason(utf16("{\"a\":1}", big_endian, mark), Reason::json_utf16, "");
    check_reason("\xff\xfe", Reason::json_utf16, "");
    check_reason("{\0"s, Reason::json_utf16, "");
    // One NUL in other company is no sign of UTF-16.
    check_reason("\0\0"s, Reason::json_syntax, "at byte 0");
    check_reason("x\0"s, Reason::json_syntax, "at byte 0");
}

TEST(other_values_at_the_top_are_not_objects) {
    for (const auto *text : {"[]", "\"x\"", "1", "true", "null", " [{}] "})
        check_reason(text, Reason::json_not_object, "");
}

TEST(nothing_may_follow_but_white_space) {
    check_reason("{}{}", Reason::json_trailing_data, "at byte 2");
    check_reason("{} x", Reason::json_trailing_data, "at byte 2");
    check_reason("{},", Reason::json_trailing_data, "at byte 2");
    check_reason("{}\0"s, Reason::json_trailing_data, "at byte 2");
    check_reason("{}\f", Reason::json_trailing_data, "at byte 2");
}

TEST(every_proper_beginning_is_truncated) {
    const std::string text = R"({"a":[1,-0.5e+1,{"b":"\u00e4\n\ud83d\ude00é"},true,false,null]})";
    CHECK_PASSES(parse_json_object(as_bytes(text)));
    for (std::size_t size = 1; size < text.size(); ++size)
        check_reason(text.substr(0, size), Reason::json_truncated, "at byte ");
}

TEST(syntax_errors_of_structure) {
    for (const auto *text : {"{\"a\" 1}", "{\"a\":1,}", "{,}", "{\"a\":1 \"b\":2}", "{a:1}", "{'a':1}", "{\"a\":1;}",
                             "{1:2}", "x", "}", "{\"a\":1]", "{]", "{\"a\"}", "{\"a\":}", "// c\n{}", "{/**/}"})
        check_reason(text, Reason::json_syntax, "at byte ");
    for (const auto *value : {"[1,]", "[,1]", "[1 2]", "[1}", "[1;2]", "]", ":", ",", "[[]"}) check_value_syntax(value);
}

TEST(numbers_follow_the_grammar) {
    for (const auto *value : {"0", "-0", "1", "10", "123456789012345678901234567890", "0.0", "1.50", "1e5", "1E+5",
                              "1e-05", "-1.5e10", "0e0", "1e999"})
        check_value(value);
    for (const auto *value : {"01",  "-01", "00",   "1.",  "-",        "+1",        ".5",  "1.e5", "1e",   "1e+",
                              "1E-", "--1", "0x10", "1_0", "Infinity", "-Infinity", "NaN", "1,5.", "1 .5", "1a"})
        check_value_syntax(value);
}

TEST(literals_are_exact) {
    for (const auto *value : {"True", "TRUE", "nul", "nulL", "truee", "fals", "undefined", "t", "n1"})
        check_value_syntax(value);
}

TEST(escapes_of_strings) {
    CHECK_EQ(string_value(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
    CHECK_EQ(string_value(R"("\u0041\u00e9\u20AC\uffff")"), "A\xc3\xa9\xe2\x82\xac\xef\xbf\xbf");
    for (const auto *value : {R"("\x")", R"("\'")", R"("\0")", R"("\U0041")", R"("\u004")", R"("\u00g0")",
                              R"("\u+041")", R"("\u 041")", R"("\")"})
        CHECK(!parse_json_object(as_bytes(member(value))).ok());
    check_value_syntax(R"("\x")");
    check_value_syntax(R"("\u00g0")");
    check_value_syntax(R"("\u0")");
}

TEST(escaped_nul_is_refused_because_c_strings_end_there) {
    check_value_syntax(R"("\u0000")");
    check_value_syntax(R"("MRVL-1\u0000x")");
    check_reason(R"({"a\u0000b":1})", Reason::json_syntax, "at byte ");
}

TEST(surrogates_come_in_pairs) {
    CHECK_EQ(string_value(R"("\ud83d\ude00")"), "\xf0\x9f\x98\x80");
    CHECK_EQ(string_value(R"("\uD800\uDC00\uDBFF\uDFFF")"), "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
    CHECK_EQ(string_value(R"("\ud7ff\ue000")"), "\xed\x9f\xbf\xee\x80\x80");
    for (const auto *value : {R"("\ud83d")", R"("\ude00")", R"("\ud83dx")", R"("\ud83d\n")", R"("\ud83d\u0041")",
                              R"("\ud83d\ud83d")", R"("\ude00\ud83d")", R"("\udfff")", R"("\udc00")", R"("\udbff")"})
        check_value_syntax(value);
}

TEST(control_characters_are_refused_raw) {
    for (int c = 0; c < 0x20; ++c) check_value_syntax("\"x"s + static_cast<char>(c) + "y\"");
    check_value("\"\x7f\"");
}

TEST(utf8_of_every_length_is_accepted) {
    for (const auto *text : {"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
                             "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
        CHECK_EQ(string_value("\"" + std::string(text) + "\""), text);
}

TEST(what_is_not_utf8_is_refused) {
    const std::vector<std::string> bad = {
        "\x80",  // a continuation alone
        "\xbf",
        "\xc0\x80",  // overlong NUL
        "\xc1\xbf",
        "\xe0\x80\xaf",  // overlong solidus
        "\xe0\x9f\xbf",
        "\xf0\x80\x80\xaf",
        "\xf0\x8f\xbf\xbf",
        "\xed\xa0\x80",  // surrogates
        "\xed\xbf\xbf",
        "\xf4\x90\x80\x80",  // past the last plane
        "\xf5\x80\x80\x80",
        "\xf8\x88\x80\x80\x80",
        "\xfe",
        "\xff",
        "\xc3x",  // continuation missing
        "\xe2\x82x",
        "\xf0\x9f\x98x",
        "\xe9",  // Latin-1
    };
    for (const auto &text : bad) {
        check_reason(member("\"" + text + "\""), Reason::json_not_utf8, "at byte 6");
        check_reason("{\"" + text + "\":1}", Reason::json_not_utf8, "at byte 2");
    }
    check_reason("{\"a\":\"\xe2\x82", Reason::json_truncated, "at byte 6");
}

TEST(duplicate_members_are_found_by_their_decoded_names) {
    const auto outcome_of = [](std::string_view text) {
        const auto parsed = parse_json_object(as_bytes(text));
        CHECK_PASSES(parsed);
        return check_unique_members(parsed->get(), "here");
    };
    CHECK_PASSES(outcome_of("{}"));
    CHECK_PASSES(outcome_of(R"({"a":1,"b":{"a":1}})"));
    CHECK_FAILS(outcome_of(R"({"a":1,"b":2,"a":1})"), Reason::json_duplicate_member, "here", "a");
    CHECK_FAILS(outcome_of(R"({"a":1,"\u0061":2})"), Reason::json_duplicate_member, "here", "a");
    // Some readers ignore case.
    CHECK_FAILS(outcome_of(R"({"version":1,"Version":2})"), Reason::json_duplicate_member, "here", "Version");
    CHECK_PASSES(outcome_of(R"({"a":{"b":1,"b":2}})"));  // each object is asked about by itself
}
