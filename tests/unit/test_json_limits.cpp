// The bounds of the JSON reader: size, depth, number of values.
#include <string>

#include "core/json.h"
#include "outcomes.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

std::string repeat(std::string_view part, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += part;
    return text;
}

std::string nested_arrays(std::size_t depth) {
    return "{\"a\":" + repeat("[", depth - 1) + repeat("]", depth - 1) + "}";
}
std::string nested_objects(std::size_t depth) { return repeat("{\"a\":", depth - 1) + "{}" + repeat("}", depth - 1); }

// An object of exactly `count` values, itself and the array in it included.
std::string with_values(std::size_t count) { return "{\"a\":[" + repeat("1,", count - 3) + "1]}"; }

Outcome outcome_of(const std::string &text, const JsonLimits &limits = {}) {
    return to_outcome(parse_json_object(as_bytes(text), limits));
}

}  // namespace

TEST(sixteen_levels_are_enough) {
    CHECK_PASSES(outcome_of(nested_arrays(16)));
    CHECK_PASSES(outcome_of(nested_objects(16)));
    CHECK_FAILS(outcome_of(nested_arrays(17)), Reason::json_too_deep, "evidence", "at byte 20");
    CHECK_FAILS(outcome_of(nested_objects(17)), Reason::json_too_deep, "evidence", "at byte 80");
}

TEST(a_value_that_is_no_container_adds_no_level) {
    CHECK_PASSES(outcome_of(repeat("{\"a\":", 16) + "1" + repeat("}", 16)));
}

TEST(a_hundred_thousand_levels_do_not_exhaust_the_stack) {
    CHECK_FAILS(outcome_of(repeat("[", 100000)), Reason::json_too_deep, "evidence", "at byte 16");
    CHECK_FAILS(outcome_of(repeat("{\"a\":", 100000)), Reason::json_too_deep, "evidence", "at byte 80");
}

TEST(values_are_counted) {
    CHECK_PASSES(outcome_of(with_values(16384)));
    CHECK_FAILS(outcome_of(with_values(16385)), Reason::json_too_large, "evidence", "at byte ");
}

TEST(one_mebibyte_is_the_largest) {
    constexpr std::size_t mebibyte = 1048576;
    const std::string head = "{\"a\":\"";
    const std::string tail = "\"}";
    const auto sized = [&](std::size_t size) {
        return head + std::string(size - head.size() - tail.size(), 'x') + tail;
    };
    CHECK_PASSES(outcome_of(sized(mebibyte)));
    CHECK_FAILS(outcome_of(sized(mebibyte + 1)), Reason::json_too_large, "evidence", "more than 1048576 bytes");
    CHECK_FAILS(outcome_of(std::string(mebibyte + 1, ' ')), Reason::json_too_large, "evidence", "1048576");
}

TEST(limits_are_the_callers) {
    const JsonLimits narrow{20, 2, 3};
    CHECK_PASSES(outcome_of("{\"a\":[1]}", narrow));
    CHECK_FAILS(outcome_of("{\"a\":[1,2]}", narrow), Reason::json_too_large, "evidence", "at byte 8");
    CHECK_FAILS(outcome_of("{\"a\":[[]]}", narrow), Reason::json_too_deep, "evidence", "at byte 6");
    CHECK_FAILS(outcome_of("{\"a\":\"0123456789abcdef\"}", narrow), Reason::json_too_large, "evidence", "20 bytes");
}
