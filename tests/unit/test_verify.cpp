// The facade: the order of checks, what blocks what, and what the caller's options change.
#include "core/verify.h"

#include <openssl/provider.h>

#include <thread>

#include "core/report_json.h"
#include "outcomes.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

void check_blocked(const Report &report, std::initializer_list<std::string_view> ids) {
    for (const auto id : ids) {
        const Context context{std::string(id)};
        CHECK_SKIPS(*report.find(id), Reason::earlier_check_failed, false);
    }
}

std::string without(std::string_view member) {
    auto json = restored_evidence();
    replace_once(json, "\"" + std::string(member) + "\"", "\"x-" + std::string(member) + "\"");
    return json;
}

std::string only_attestation() {
    const auto &json = restored_evidence();
    const auto begin = json.find("{\"certificatePemFile\"");
    return json.substr(begin, json.find('}', begin) + 1 - begin);
}

}  // namespace

TEST(checks_come_in_the_order_of_the_interface) {
    for (const auto &json : {restored_evidence(), recorded_evidence(), std::string("{"), only_attestation()}) {
        const auto report = verify_sample(json);
        CHECK_EQ(report.checks.size(), mandatory_checks().size());
        for (std::size_t i = 0; i < report.checks.size(); ++i) CHECK_EQ(report.checks[i].id, mandatory_checks()[i]);
    }
}

TEST(checks_that_are_asked_for_follow_the_mandatory_ones) {
    Expectations expectations;
    expectations.csr = expectations.certificate = expectations.public_key = Bytes{1};
    Policy policy;
    CHECK_PASSES(add_demands(policy, "local,min-bits=3072"));
    const auto report = verify_sample(restored_evidence(), sample_trust(), policy, expectations);
    std::vector<std::string> ids;
    for (std::size_t i = mandatory_checks().size(); i < report.checks.size(); ++i) ids.push_back(report.checks[i].id);
    CHECK(ids == (std::vector<std::string>{"bind.csr", "bind.cert", "bind.pubkey", "policy.local", "policy.min-bits"}));
    for (const auto *id : {"bind.csr", "bind.cert", "bind.pubkey"})
        CHECK_EQ(report.find(id)->reason, Reason::given_unreadable);
    CHECK_PASSES(*report.find("policy.local"));
    CHECK_EQ(report.find("policy.min-bits")->reason, Reason::demand_false);
}

TEST(unreadable_evidence_blocks_everything) {
    Expectations expectations;
    expectations.request = parse_key_url(restored_kid).value();
    expectations.csr = Bytes{1};
    const auto report = verify_sample("nonsense", sample_trust(), named_policy("non-exportable").value(), expectations);
    CHECK_EQ(report.find("evidence.json")->reason, Reason::json_syntax);
    for (const auto &check : report.checks)
        if (check.id != "evidence.json") CHECK_SKIPS(check.outcome, Reason::earlier_check_failed, false);
}

TEST(a_missing_bundle_blocks_what_needs_certificates) {
    const auto report = verify_sample(without("certificatePemFile"));
    CHECK_FAILS(*report.find("evidence.fields"), Reason::field_missing, "certificatePemFile", "");
    check_blocked(report, {"certs.parse", "hw.chain", "hw.time", "owner.chain", "owner.time", "owner.authenticated",
                           "partition.key", "blob.private", "blob.public", "signature.private", "signature.public",
                           "object.private", "object.public", "bind.pair", "bind.jwk", "bind.kid", "bind.pool"});
    CHECK(!report.hsm && !report.owner && !report.key && report.certificates.empty());
}

TEST(a_missing_private_attestation_blocks_what_needs_it) {
    const auto report = verify_sample(without("privateKeyAttestation"));
    CHECK_FAILS(*report.find("evidence.fields"), Reason::field_missing, "privateKeyAttestation", "");
    check_blocked(report, {"blob.private", "signature.private", "object.private", "bind.pair", "bind.kid"});
    CHECK_PASSES(*report.find("object.public"));
    CHECK_PASSES(*report.find("bind.pool"));
    CHECK(!report.key && report.hsm);
}

TEST(a_missing_public_attestation_fails_for_an_asymmetric_key) {
    const auto report = verify_sample(without("publicKeyAttestation"));
    CHECK_FAILS(*report.find("evidence.fields"), Reason::public_attestation_missing, "publicKeyAttestation", "");
    check_blocked(report, {"blob.public", "signature.public", "object.public", "bind.pair", "bind.jwk"});
}

TEST(a_bare_attestation_skips_what_it_cannot_tell) {
    const auto report = verify_sample(only_attestation());
    for (const auto *id : {"bind.jwk", "bind.kid", "bind.pool"})
        CHECK_SKIPS(*report.find(id), Reason::bare_attestation, true);
    CHECK_PASSES(*report.find("bind.pair"));
    CHECK_EQ(verdict(report), Verdict::verified);
    CHECK_EQ(report.kid, "");
    Expectations expectations;
    expectations.request = parse_key_url(restored_kid).value();
    const auto asked = verify_sample(only_attestation(), sample_trust(), {}, expectations);
    for (const auto *id : {"bind.kid", "bind.pool", "bind.request"})
        CHECK_FAILS(*asked.find(id), Reason::kid_missing, "key", "");
}

TEST(swapped_blobs_are_noticed) {
    auto json = restored_evidence();
    replace_once(json, "\"publicKeyAttestation\"", "\"tmp\"");
    replace_once(json, "\"privateKeyAttestation\"", "\"publicKeyAttestation\"");
    replace_once(json, "\"tmp\"", "\"privateKeyAttestation\"");
    const auto report = verify_sample(json);
    CHECK_PASSES(*report.find("signature.private"));
    CHECK_EQ(report.find("object.private")->reason, Reason::object_class_wrong);
    CHECK_EQ(report.find("object.public")->reason, Reason::object_class_wrong);
    CHECK_EQ(report.find("object.private")->subject, "private attestation");
}

TEST(what_was_asked_for_is_compared) {
    Expectations expectations;
    expectations.request = parse_key_url(restored_kid).value();
    CHECK_EQ(verdict(verify_sample(restored_evidence(), sample_trust(), {}, expectations)), Verdict::verified);
    expectations.request->version = "0";
    const auto report = verify_sample(restored_evidence(), sample_trust(), {}, expectations);
    CHECK_EQ(report.find("bind.request")->reason, Reason::request_differs);
    CHECK_EQ(verdict(report), Verdict::not_verified);
}

TEST(the_attested_public_key_is_the_one_in_the_report) {
    const auto report = verify_sample(restored_evidence());
    Expectations expectations;
    expectations.public_key = report.key->public_key.der();
    const auto again = verify_sample(restored_evidence(), sample_trust(), {}, expectations);
    CHECK_PASSES(*again.find("bind.pubkey"));
    CHECK_EQ(verdict(again), Verdict::verified);
    expectations.certificate = sample_parts().ders[1];
    CHECK_FAILS(*verify_sample(restored_evidence(), sample_trust(), {}, expectations).find("bind.cert"),
                Reason::given_differs, "certificate", "");
}

TEST(without_the_embedded_roots_nothing_is_genuine) {
    auto trust = sample_trust();
    trust.embedded_hsm_roots = false;
    const auto report = verify_sample(restored_evidence(), trust);
    CHECK_EQ(report.find("hw.chain")->reason, Reason::no_adapter);
    check_blocked(report, {"hw.time", "partition.key", "blob.private", "signature.private"});
    trust.hsm_roots = std::move(*parse_anchors(nullptr, as_bytes(embedded_hsm_roots()[0].pem)));
    CHECK_EQ(verdict(verify_sample(restored_evidence(), trust)), Verdict::verified);
    trust.hsm_roots = std::move(*parse_anchors(nullptr, as_bytes(embedded_hsm_roots()[1].pem)));
    CHECK_EQ(verify_sample(restored_evidence(), trust).find("hw.chain")->reason, Reason::no_adapter);
}

TEST(unchecked_dates_are_said_to_be_unchecked) {
    const auto report = verify_sample(restored_evidence(), sample_trust(), {}, {}, std::nullopt);
    for (const auto *id : {"hw.time", "owner.time"}) CHECK_SKIPS(*report.find(id), Reason::time_not_checked, true);
    CHECK_EQ(verdict(report), Verdict::verified);
    CHECK(!report.time.has_value());
}

TEST(the_mode_of_owner_trust_decides) {
    Trust trust;
    trust.owner_mode = OwnerTrustMode::any;
    const auto any = verify_sample(restored_evidence(), trust);
    CHECK_SKIPS(*any.find("owner.authenticated"), Reason::owner_trust_any, true);
    CHECK_EQ(verdict(any), Verdict::verified);
    CHECK_EQ(any.owner->trust, OwnerTrust::unauthenticated);
    trust.owner_mode = OwnerTrustMode::pinned;
    trust.tls_pool = sample_pool;
    CHECK_EQ(verify_sample(restored_evidence(), trust).find("owner.authenticated")->reason, Reason::owner_not_pinned);
    trust.owner_mode = OwnerTrustMode::authenticated;
    const auto tls = verify_sample(restored_evidence(), trust);
    CHECK_EQ(verdict(tls), Verdict::verified);
    CHECK_EQ(tls.owner->trust, OwnerTrust::tls);
}

TEST(certificates_have_their_roles) {
    const auto bundle = sample_parts().certificates + std::string(embedded_hsm_roots()[1].pem);
    const auto report = verify_sample(with_member("certificatePemFile", as_bytes(bundle)));
    std::vector<std::string> roles;
    for (const auto &certificate : report.certificates) roles.push_back(certificate.role);
    CHECK(roles ==
          (std::vector<std::string>{"hsm-root", "adapter", "partition", "pool-root", "owner-partition", "unused"}));
    CHECK_EQ(report.certificates[3].sha256, sample_pool_root);
    CHECK(report.certificates[1].der == sample_parts().ders[0]);
}

TEST(nothing_is_left_in_the_error_queue) {
    ERR_clear_error();
    for (const auto &json : {restored_evidence(), recorded_evidence(), std::string(), without("publicKeyAttestation")})
        verify_sample(json);
    auto broken = sample_parts().private_attestation;
    broken.back() ^= 1;
    verify_sample(with_member("privateKeyAttestation", broken));
    verify_sample(with_member("certificatePemFile", as_bytes("-----BEGIN CERTIFICATE-----\nxx")));
    CHECK_EQ(ERR_peek_error(), 0UL);
}

TEST(cryptography_comes_from_the_given_context) {
    const std::unique_ptr<OSSL_LIB_CTX, Deleter<OSSL_LIB_CTX_free>> full(OSSL_LIB_CTX_new());
    const std::unique_ptr<OSSL_PROVIDER, Deleter<OSSL_PROVIDER_unload>> provider(
        OSSL_PROVIDER_load(full.get(), "default"));
    const auto trust = sample_trust();
    const auto report = verify(full.get(), as_bytes(restored_evidence()), trust, {}, {}, sample_time);
    CHECK_EQ(verdict(report), Verdict::verified);

    const std::unique_ptr<OSSL_LIB_CTX, Deleter<OSSL_LIB_CTX_free>> empty(OSSL_LIB_CTX_new());
    const std::unique_ptr<OSSL_PROVIDER, Deleter<OSSL_PROVIDER_unload>> null(OSSL_PROVIDER_load(empty.get(), "null"));
    const auto nothing = verify(empty.get(), as_bytes(restored_evidence()), trust, {}, {}, sample_time);
    CHECK_EQ(verdict(nothing), Verdict::not_verified);
    CHECK_EQ(nothing.evidence_sha256, "");
    CHECK(can_verify(full.get()));
    CHECK(!can_verify(empty.get()));
    CHECK_CONTAINS(nothing.find("hw.chain")->detail, "cannot verify the built-in roots");
}

TEST(two_threads_see_the_same) {
    const auto expected = report_json(verify_sample(restored_evidence()), false);
    const auto trust = sample_trust();
    std::vector<std::string> seen(4);
    std::vector<std::thread> threads;
    for (auto &text : seen)
        threads.emplace_back([&text, &trust] {
            for (int i = 0; i < 5; ++i) text = report_json(verify_sample(restored_evidence(), trust), false);
        });
    for (auto &thread : threads) thread.join();
    for (const auto &text : seen) CHECK_EQ(text, expected);
}
