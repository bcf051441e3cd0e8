// Named policies and policy files.
#include "core/policy.h"
#include "outcomes.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

std::string list(const Policy &policy) {
    std::string text;
    for (const auto &demand : policy.demands)
        text += (text.empty() ? "" : ",") + demand.name + (demand.argument.empty() ? "" : "=" + demand.argument);
    return text;
}

Result<Policy> parse(std::string_view json) { return parse_policy(as_bytes(json)); }

void check_fails(std::string_view json, Reason reason, std::string_view subject, std::string_view detail) {
    const Context context{std::string(json)};
    CHECK_FAILS(parse(json), reason, subject, detail);
}

constexpr std::string_view non_exportable = "not-extractable,never-extractable,sensitive,always-sensitive,local";

}  // namespace

TEST(named_policies) {
    CHECK_EQ(Policy{}.name, "authentic");
    CHECK_EQ(list(named_policy("authentic").value()), "");
    CHECK_EQ(list(named_policy("non-exportable").value()), non_exportable);
    CHECK_EQ(list(named_policy("cabf-code-signing").value()),
             std::string(non_exportable) + ",key-any-of=RSA-3072|P-256|P-384|P-521");
    CHECK_EQ(named_policy("non-exportable")->name, "non-exportable");
    for (const std::string name : {"", "Authentic", "nonsense", "non-exportable "})
        CHECK_FAILS(named_policy(name), Reason::policy_unknown, name, "");
}

TEST(the_smallest_policy_file) {
    const auto policy = parse(R"({"version":1,"name":"mine"})");
    CHECK_PASSES(policy);
    CHECK_EQ(policy->name, "mine");
    CHECK_EQ(list(*policy), "");
}

TEST(a_policy_file_adds_to_its_base) {
    const auto policy = parse(
        R"({"version":1,"name":"mine","description":"why","base":"non-exportable","require":["min-bits=3072","local","sign-only,fips"]})");
    CHECK_PASSES(policy);
    CHECK_EQ(list(*policy), std::string(non_exportable) + ",min-bits=3072,sign-only,fips");
}

TEST(policy_files_that_are_not_json) {
    const auto bad = Reason::policy_malformed;
    check_fails("", bad, "policy", "not a JSON object: json-empty");
    check_fails("[]", bad, "policy", "not a JSON object: json-not-object");
    check_fails("{\"version\":1,", bad, "policy", "not a JSON object: json-truncated at byte 13");
    check_fails("non-exportable", bad, "policy", "not a JSON object: json-syntax");
}

TEST(members_of_policy_files) {
    const auto bad = Reason::policy_malformed;
    check_fails(R"({"version":1,"name":"x","requires":[]})", bad, "requires", "unknown member");
    check_fails(R"({"version":1,"name":"x","Require":[]})", bad, "Require", "unknown member");
    check_fails(R"({"version":1,"name":"x","":1})", bad, "", "unknown member");
    check_fails(R"({"name":"x"})", bad, "version", "expected 1");
    check_fails(R"({"version":2,"name":"x"})", bad, "version", "expected 1");
    check_fails(R"({"version":1.5,"name":"x"})", bad, "version", "expected 1");
    check_fails(R"({"version":"1","name":"x"})", bad, "version", "expected 1");
    check_fails(R"({"version":true,"name":"x"})", bad, "version", "expected 1");
    check_fails(R"({"version":1})", bad, "name", "expected a string");
    check_fails(R"({"version":1,"name":null})", bad, "name", "expected a string");
    check_fails(R"({"version":1,"name":"authentic"})", bad, "name", "it is the name of a built-in policy");
    check_fails(R"({"version":1,"name":"x","description":7})", bad, "description", "expected a string");
    check_fails(R"({"version":1,"name":"x","base":7})", bad, "base", "expected a string");
    check_fails(R"({"version":1,"name":"x","base":null})", bad, "base", "expected a string");
}

TEST(duplicate_members_of_policy_files) {
    check_fails(R"({"version":1,"name":"x","require":["local"],"require":[]})", Reason::json_duplicate_member, "policy",
                "require");
    check_fails(R"({"version":1,"version":1,"name":"x"})", Reason::json_duplicate_member, "policy", "version");
}

TEST(bases_and_demands_of_policy_files_must_exist) {
    check_fails(R"({"version":1,"name":"x","base":"nonsense"})", Reason::policy_unknown, "nonsense", "");
    check_fails(R"({"version":1,"name":"x","base":""})", Reason::policy_unknown, "", "");
    check_fails(R"({"version":1,"name":"x","require":["nonsense"]})", Reason::demand_unknown, "nonsense", "");
    check_fails(R"({"version":1,"name":"x","require":[""]})", Reason::demand_unknown, "", "");
    check_fails(R"({"version":1,"name":"x","require":["local","min-bits"]})", Reason::policy_malformed, "min-bits",
                "expected a number of bits, found ''");
}

TEST(require_is_an_array_of_strings) {
    for (const std::string value : {"\"local\"", "{}", "1", "null", "true", "[1]", "[\"local\",null]", "[[\"local\"]]"})
        check_fails(R"({"version":1,"name":"x","require":)" + value + "}", Reason::policy_malformed, "require",
                    "expected an array of strings");
    CHECK_PASSES(parse(R"({"version":1,"name":"x","require":[]})"));
}
