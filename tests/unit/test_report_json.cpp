// The two renderings of a report, and the writer beneath them.
#include "core/report_json.h"

#include "core/json_writer.h"
#include "outcomes.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

// Parsed again with the strict reader, which also shows that the writer makes proper JSON.
class Parsed {
public:
    explicit Parsed(const std::string &json)
        : root_(std::move(parse_json_object(as_bytes(json), {std::size_t{1} << 24U, 16, 1000000}).value())) {}
    const cJSON *at(const char *a, const char *b = nullptr, const char *c = nullptr) const {
        const cJSON *item = root_.get();
        for (const char *name : {a, b, c})
            if (name != nullptr) item = json_member(item, name);
        return item;
    }
    std::string text(const char *a, const char *b = nullptr, const char *c = nullptr) const {
        const char *found = json_string(at(a, b, c));
        return found != nullptr ? found : "no string";
    }
    int number(const char *a, const char *b = nullptr) const {
        CHECK(cJSON_IsNumber(at(a, b)) != 0);
        return at(a, b)->valueint;
    }
    bool is_null(const char *a) const { return cJSON_IsNull(at(a)) != 0; }
    bool is_true(const char *a, const char *b) const { return cJSON_IsTrue(at(a, b)) != 0; }
    bool is_false(const char *a, const char *b) const { return cJSON_IsFalse(at(a, b)) != 0; }
    const cJSON *check(const std::string &id) const {
        for (const cJSON *item = at("checks")->child; item != nullptr; item = item->next)
            if (json_string(json_member(item, "id")) == id) return item;
        FAIL_TEST("no check " + id);
    }

private:
    JsonPtr root_;
};

std::string member(const cJSON *object, const char *name) {
    const char *text = json_string(json_member(object, name));
    return text != nullptr ? text : "no string";
}

Report with_policy(const char *name, const std::string &evidence = restored_evidence()) {
    return verify_sample(evidence, sample_trust(), named_policy(name).value());
}

int trust_claim(const Report &report, const char *name) {
    const Parsed ear(report_ear(report, 0, false));
    const auto *vector = json_member(ear.at("submods", "managed-hsm-key"), "ear.trustworthiness-vector");
    const auto *claim = json_member(vector, name);
    CHECK(cJSON_IsNumber(claim) != 0);
    return claim->valueint;
}

std::string ear_status(const Report &report) {
    return Parsed(report_ear(report, 0, true)).text("submods", "managed-hsm-key", "ear.status");
}

}  // namespace

TEST(a_verified_report) {
    const Parsed json(report_json(with_policy("non-exportable"), true));
    CHECK_EQ(json.number("version"), 1);
    CHECK_EQ(json.text("verdict"), "verified");
    CHECK(json.is_null("obstacle"));
    CHECK_EQ(json.text("time"), "2026-01-01T00:00:00Z");
    CHECK_EQ(json.text("policy"), "non-exportable");
    CHECK_EQ(json.text("owner_trust_required"), "authenticated");
    CHECK_EQ(json.text("kid"), restored_kid);
    CHECK_EQ(json.text("evidence_sha256"), hex(*sha256(nullptr, as_bytes(restored_evidence()))));
    CHECK_EQ(json.text("key", "type"), "RSA");
    CHECK_EQ(json.number("key", "bits"), 2048);
    CHECK(json.at("key", "curve") == nullptr);
    CHECK(json.is_false("key", "extractable") && json.is_true("key", "never_extractable"));
    CHECK_CONTAINS(json.text("key", "public_key"), "-----BEGIN PUBLIC KEY-----\nMIIB");
    CHECK_EQ(json.text("hsm", "serial"), "5.3G2142-ICM003565");
    CHECK_EQ(json.text("hsm", "root_sha256"), sample_hsm_root);
    CHECK_EQ(json.text("owner", "pool"), sample_pool);
    CHECK_EQ(json.text("owner", "trust"), "pinned");
    CHECK(json.is_true("service_claims", "unsigned") && json.is_true("service_claims", "enabled"));
    CHECK_EQ(json.text("service_claims", "created"), "2025-05-08T06:21:52Z");
    CHECK(json.at("service_claims", "expires") == nullptr);
    CHECK_EQ(cJSON_GetArraySize(json.at("certificates")), 5);
    CHECK_EQ(cJSON_GetArraySize(json.at("objects")), 2);
}

TEST(checks_in_json) {
    const Parsed json(report_json(verify_sample(recorded_evidence()), false));
    const auto *passed = json.check("signature.private");
    CHECK_EQ(member(passed, "status"), "pass");
    CHECK(cJSON_IsTrue(json_member(passed, "required")) != 0);
    CHECK(json_member(passed, "reason") == nullptr && json_member(passed, "remedy") == nullptr);
    const auto *failed = json.check("bind.kid");
    CHECK_EQ(member(failed, "status"), "fail");
    CHECK_EQ(member(failed, "reason"), "kid-differs");
    CHECK_EQ(member(failed, "message"), reason_text(Reason::kid_differs));
    CHECK_EQ(member(failed, "remedy"), reason_remedy(Reason::kid_differs));
    CHECK_EQ(member(failed, "subject"), "key.kid");
    const auto *skipped = json.check("bind.request");
    CHECK_EQ(member(skipped, "status"), "skip");
    CHECK(cJSON_IsFalse(json_member(skipped, "required")) != 0);
    CHECK_EQ(member(skipped, "reason"), "not-asked");
    CHECK(json_member(skipped, "remedy") == nullptr);  // nothing to do
    CHECK_EQ(json.text("verdict"), "not verified");
    CHECK_EQ(json.text("obstacle", "check"), "bind.kid");
    CHECK_EQ(json.text("obstacle", "reason"), "kid-differs");
}

TEST(an_empty_report_is_still_a_report) {
    const Parsed json(report_json(Report{}, true));
    CHECK_EQ(json.text("verdict"), "not verified");
    for (const auto *name : {"obstacle", "time", "evidence_sha256", "kid", "key", "hsm", "owner"}) {
        const Context context(name);
        CHECK(json.is_null(name));
    }
    for (const auto *name : {"checks", "certificates", "objects"}) CHECK_EQ(cJSON_GetArraySize(json.at(name)), 0);
}

TEST(unreadable_evidence_makes_a_report_without_facts) {
    const Parsed json(report_json(verify_sample("{"), false));
    CHECK_EQ(json.text("obstacle", "check"), "evidence.json");
    CHECK_EQ(json.text("obstacle", "reason"), "json-truncated");
    CHECK(json.is_null("key") && json.is_null("hsm") && json.is_null("owner") && json.is_null("kid"));
    CHECK(!json.is_null("evidence_sha256"));
    const Parsed large(report_json(verify_sample(std::string((std::size_t{1} << 20U) + 1, ' ')), false));
    CHECK(large.is_null("evidence_sha256"));  // the reader may not have seen all of it
}

TEST(attributes_in_json) {
    auto report = verify_sample(restored_evidence());
    const Parsed json(report_json(report, false));
    const auto *object = json.at("objects")->child;
    CHECK_EQ(member(object, "attestation"), "private");
    CHECK_EQ(member(object, "class"), "private key");
    CHECK_EQ(json_member(object, "handle")->valueint, 14);
    const auto *attribute = json_member(object, "attributes")->child;
    CHECK_EQ(member(attribute, "type"), "0x00000000");
    CHECK_EQ(member(attribute, "name"), "CKA_CLASS");
    CHECK_EQ(member(attribute, "value"), "CKO_PRIVATE_KEY");
    CHECK_EQ(member(attribute, "hex"), "03");
    report.objects[0].attributes[0].value.reset();
    const Parsed unavailable(report_json(report, false));
    CHECK(cJSON_IsNull(json_member(json_member(unavailable.at("objects")->child, "attributes")->child, "hex")) != 0);
}

TEST(dates_may_be_left_unchecked) {
    const auto report = verify_sample(restored_evidence(), sample_trust(), {}, {}, std::nullopt);
    CHECK_EQ(verdict(report), Verdict::verified);
    CHECK(Parsed(report_json(report, false)).is_null("time"));
}

TEST(text_from_outside_is_escaped) {
    auto evidence = restored_evidence();
    replace_once(evidence, restored_kid, "https://p\\u001b[31m\xc3\xa9/keys/\\\"k");
    replace_once(evidence, "CustomizedRecoverable+Purgeable", "\\n\xe2\x80\xae");
    Policy policy;
    policy.name = "my \x1b policy";
    const Parsed json(report_json(verify_sample(evidence, sample_trust(), policy), true));
    CHECK_EQ(json.text("kid"), "https://p\\x1b[31m\\xc3\\xa9/keys/\"k");
    CHECK_EQ(json.text("service_claims", "recovery_level"), "\\x0a\\xe2\\x80\\xae");
    CHECK_EQ(json.text("policy"), "my \\x1b policy");
    CHECK_CONTAINS(member(json.check("bind.kid"), "detail"), "\\x1b[31m");
}

TEST(pretty_and_plain_say_the_same) {
    const auto report = verify_sample(restored_evidence());
    const auto plain = report_json(report, false);
    const auto pretty = report_json(report, true);
    CHECK(plain.find('\n') == std::string::npos && plain.find('\t') == std::string::npos);
    CHECK(pretty.find('\t') == std::string::npos);
    CHECK(pretty.starts_with("{\n  \"version\": 1,\n  \"verdict\": \"verified\","));
    CHECK_CONTAINS(pretty, "\n  \"checks\": [{\n      \"id\": \"evidence.json\",\n");
    CHECK(pretty.ends_with("\n}"));
    const Parsed a(plain), b(pretty);
    CHECK(cJSON_Compare(a.at("checks"), b.at("checks"), 1) != 0);
    CHECK(cJSON_Compare(a.at("objects"), b.at("objects"), 1) != 0);
}

TEST(ear_of_a_verified_report) {
    const auto report = with_policy("non-exportable");
    const Parsed ear(report_ear(report, 1767225600, true));
    CHECK_EQ(ear.text("eat_profile"), "tag:github.com,2023:veraison/ear");
    CHECK_EQ(ear.at("iat")->valuedouble, 1767225600.0);
    CHECK_EQ(ear.text("ear.verifier-id", "developer"), "mhsm-attest");
    CHECK(ear.text("ear.verifier-id", "build") != "no string");
    CHECK_EQ(ear_status(report), "affirming");
    CHECK_EQ(ear.text("submods", "managed-hsm-key", "ear.appraisal-policy-id"), "mhsm-attest:non-exportable");
    CHECK_EQ(ear.text("submods", "managed-hsm-key", "mhsm-attest.evidence-sha256"), report.evidence_sha256);
    for (const auto *claim : {"instance-identity", "hardware", "storage-opaque"})
        CHECK_EQ(trust_claim(report, claim), 2);
}

TEST(ear_claims_nothing_that_was_not_checked) {
    const auto report = with_policy("authentic");
    CHECK_EQ(ear_status(report), "affirming");
    CHECK_EQ(trust_claim(report, "storage-opaque"), 0);
    auto any = Trust{};
    any.owner_mode = OwnerTrustMode::any;
    const auto unauthenticated = verify_sample(restored_evidence(), any);
    CHECK_EQ(verdict(unauthenticated), Verdict::verified);
    CHECK_EQ(trust_claim(unauthenticated, "instance-identity"), 0);
    CHECK_EQ(trust_claim(unauthenticated, "hardware"), 2);
}

TEST(ear_of_a_report_that_is_not_verified) {
    CHECK_EQ(ear_status(verify_sample(recorded_evidence())), "contraindicated");
    const auto unpinned = verify_sample(restored_evidence(), Trust{});
    CHECK_EQ(ear_status(unpinned), "contraindicated");
    CHECK_EQ(trust_claim(unpinned, "instance-identity"), 96);
    CHECK_EQ(trust_claim(unpinned, "hardware"), 2);
    const auto unreadable = verify_sample("");
    CHECK_EQ(trust_claim(unreadable, "hardware"), 0);
    CHECK_EQ(trust_claim(unreadable, "instance-identity"), 0);
    auto failing = with_policy("non-exportable");
    for (auto &check : failing.checks)
        if (check.id == "policy.sensitive") check.outcome = Outcome::fail(Reason::demand_false, "", "");
    CHECK_EQ(trust_claim(failing, "storage-opaque"), 96);
}

TEST(the_writer_writes_what_it_is_told) {
    const auto root = make_object();
    put(root.get(), "text", "a\tb\"\n");
    put_unless_empty(root.get(), "empty", "");
    put_unless_empty(root.get(), "full", "x");
    put_bool(root.get(), "yes", true);
    put_bool(root.get(), "unknown", std::nullopt);
    put_number(root.get(), "n", 7);
    put_null(root.get(), "z");
    auto *list = put_array(root.get(), "list");
    put(append_object(list), "deep", "1");
    put_object(root.get(), "o");
    CHECK_EQ(to_text(root.get(), false),
             R"({"text":"a\tb\"\n","full":"x","yes":true,"n":7,"z":null,"list":[{"deep":"1"}],"o":{}})");
}
