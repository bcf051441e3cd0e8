// Certificates: the bundle, who issued whom, and the facts shown of them.
#include "core/certificate.h"

#include <openssl/objects.h>

#include "outcomes.h"
#include "pki.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

X509Ptr made(const forge::Certificate &description) { return parse_certificate(nullptr, forge::issue(description)); }

// The pool root and the certificate it issued, which a test changes before they are compared.
struct Pair {
    forge::Certificate issuer = forge::make_pki(1).pool_root, subject = forge::make_pki(1).owner_partition;

    Outcome judged(IssuerRule rule = IssuerRule::must_state_ca) const {
        return check_issued_by(made(subject).get(), made(issuer).get(), rule);
    }
    std::string issuer_name() const { return forge::common_name(issuer.subject); }
    std::string subject_name() const { return forge::common_name(subject.subject); }
};

// Adapter and the partition it issued: the exception for version 1.
struct HsmPair : Pair {
    HsmPair() {
        issuer = forge::make_pki(1).adapter;
        subject = forge::make_pki(1).partition;
    }
};

std::string block(std::size_t i) { return pem("CERTIFICATE", sample_parts().ders.at(i)); }

Result<std::vector<X509Ptr>> bundle_of(const std::string &text) {
    const ErrorScope errors;
    return parse_bundle(nullptr, as_bytes(text));
}

}  // namespace

TEST(a_bundle_is_a_set) {
    const auto once = bundle_of(block(0) + block(1) + block(2));
    const auto again = bundle_of("text\n" + block(2) + "\n" + block(0) + block(2) + block(1) + "text");
    CHECK_PASSES(once);
    CHECK_PASSES(again);
    CHECK_EQ(once->size(), 3U);
    CHECK_EQ(again->size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) CHECK(same_certificate((*once)[i].get(), (*again)[i].get()));
    CHECK(!same_certificate((*once)[0].get(), (*once)[1].get()));
}

TEST(a_bundle_without_certificates) {
    CHECK_FAILS(bundle_of(""), Reason::certs_none, "certificatePemFile", "");
    CHECK_FAILS(bundle_of("no block"), Reason::certs_none, "certificatePemFile", "");
}

TEST(a_bundle_holds_at_most_sixteen) {
    std::string text;
    for (int i = 0; i < 16; ++i) text += block(0);
    CHECK_PASSES(bundle_of(text));
    CHECK_EQ(bundle_of(text)->size(), 1U);
    CHECK_FAILS(bundle_of(text + block(1)), Reason::certs_too_many, "certificatePemFile",
                "expected at most 16, found 17");
}

TEST(a_block_that_is_no_certificate_fails) {
    const auto bad = Reason::certs_malformed;
    auto trailing = sample_parts().ders[0];
    trailing.push_back(0);
    CHECK_FAILS(bundle_of(block(0) + pem("CERTIFICATE", trailing)), bad, "certificate 2", "not an X.509 certificate");
    CHECK_FAILS(bundle_of(pem("PRIVATE KEY", as_bytes("x")) + block(0)), bad, "certificate 1",
                "found PEM of PRIVATE KEY");
    CHECK_FAILS(bundle_of(pem("TRUSTED CERTIFICATE", sample_parts().ders[0])), bad, "certificate 1",
                "found PEM of TRUSTED CERTIFICATE");
    CHECK_FAILS(bundle_of(block(0) + block(1) + "-----BEGIN CERTIFICATE-----\nMIID"), bad, "certificate 3",
                "broken PEM");
    auto damaged = block(0);
    damaged[100] = '*';
    CHECK_FAILS(bundle_of(damaged), bad, "certificate 1", "broken PEM");
    CHECK_FAILS(bundle_of("-----BEGINNING\n" + block(0)), bad, "certificate 2", "broken PEM");
}

TEST(issued_by_a_ca) {
    CHECK_PASSES(Pair{}.judged());
    CHECK_PASSES(Pair{}.judged(IssuerRule::version1_may_issue));
    CHECK_PASSES(Pair{}.judged(IssuerRule::trust_anchor));
    CHECK_EQ(Pair{}.judged().subject, Pair{}.subject_name());
}

TEST(version_1_may_issue_only_where_the_rule_says_so) {
    CHECK_PASSES(HsmPair{}.judged(IssuerRule::version1_may_issue));
    CHECK_PASSES(HsmPair{}.judged(IssuerRule::trust_anchor));
    CHECK_FAILS(HsmPair{}.judged(IssuerRule::must_state_ca), Reason::not_a_ca, HsmPair{}.issuer_name(),
                "no basicConstraints CA:TRUE");
}

TEST(version_1_with_extensions_or_version_3_without_is_no_ca) {
    HsmPair pair;
    pair.issuer.version = 3;
    CHECK_FAILS(pair.judged(IssuerRule::version1_may_issue), Reason::not_a_ca, pair.issuer_name(),
                "no basicConstraints CA:TRUE");
    pair.issuer.version = 1;
    pair.issuer.extensions = {forge::subject_key_id("adapter")};
    CHECK_FAILS(pair.judged(IssuerRule::version1_may_issue), Reason::not_a_ca, pair.issuer_name(),
                "no basicConstraints CA:TRUE");
    pair.issuer.version = 3;
    pair.issuer.extensions = {forge::basic_constraints(true)};
    CHECK_PASSES(pair.judged(IssuerRule::version1_may_issue));  // keyUsage need not be stated here
}

TEST(an_issuer_must_be_allowed_to_sign_certificates) {
    Pair pair;
    pair.issuer.extensions = {forge::basic_constraints(false), forge::key_usage_ca()};
    CHECK_FAILS(pair.judged(), Reason::not_a_ca, pair.issuer_name(), "no basicConstraints CA:TRUE");
    pair.issuer.extensions = {forge::basic_constraints(true), forge::key_usage_without_cert_sign()};
    CHECK_FAILS(pair.judged(), Reason::not_a_ca, pair.issuer_name(), "keyUsage without keyCertSign");
    CHECK_FAILS(pair.judged(IssuerRule::version1_may_issue), Reason::not_a_ca, pair.issuer_name(),
                "keyUsage without keyCertSign");
    pair.issuer.extensions = {forge::basic_constraints(true)};
    CHECK_FAILS(pair.judged(), Reason::not_a_ca, pair.issuer_name(), "keyUsage without keyCertSign");
    pair.issuer.extensions = {};
    CHECK_FAILS(pair.judged(), Reason::not_a_ca, pair.issuer_name(), "no basicConstraints CA:TRUE");
}

TEST(unknown_critical_extensions_are_refused_on_both_sides) {
    Pair pair;
    pair.issuer.extensions.push_back(forge::unknown_critical());
    CHECK_FAILS(pair.judged(), Reason::critical_extension, pair.issuer_name(), "");
    CHECK_PASSES(pair.judged(IssuerRule::trust_anchor));  // trusted as it is
    pair = {};
    pair.subject.extensions.push_back(forge::unknown_critical());
    CHECK_FAILS(pair.judged(), Reason::critical_extension, pair.subject_name(), "");
    CHECK_FAILS(pair.judged(IssuerRule::trust_anchor), Reason::critical_extension, pair.subject_name(), "");
}

TEST(names_and_key_identifiers_must_match) {
    Pair pair;
    forge::rename_common_name(pair.issuer.subject, "another");
    CHECK_FAILS(pair.judged(), Reason::bad_signature, pair.subject_name(), "subject issuer mismatch");
    pair = {};
    pair.issuer.extensions[2] = forge::subject_key_id("root");
    CHECK_FAILS(pair.judged(), Reason::bad_signature, pair.subject_name(),
                "authority and subject key identifier mismatch");
}

TEST(signatures_must_verify) {
    Pair pair;
    pair.subject.corrupt_signature = true;
    CHECK_FAILS(pair.judged(), Reason::bad_signature, pair.subject_name(), "issuer " + pair.issuer_name());
    pair = {};
    pair.subject.signer = "evil-pool-root";
    CHECK_FAILS(pair.judged(), Reason::bad_signature, pair.subject_name(), "issuer " + pair.issuer_name());
    CHECK_FAILS(pair.judged(IssuerRule::trust_anchor), Reason::bad_signature, pair.subject_name(), "issuer ");
}

TEST(weak_digests_and_keys_are_refused) {
    Pair pair;
    for (const auto *digest : {"SHA1", "MD5", "SHA224"}) {
        const Context context(digest);
        pair.subject.digest = digest;
        CHECK_EQ(pair.judged().reason, Reason::weak_digest);
        CHECK_CONTAINS(pair.judged().detail, digest);
    }
    for (const auto *digest : {"SHA256", "SHA384", "SHA512"}) {
        pair.subject.digest = digest;
        CHECK_PASSES(pair.judged());
    }
    HsmPair hsm;
    hsm.issuer.key = hsm.subject.signer = "rsa-1024";
    CHECK_FAILS(hsm.judged(IssuerRule::version1_may_issue), Reason::weak_issuer_key, hsm.issuer_name(), "");
    hsm.issuer.key = hsm.subject.signer = "p-256";
    CHECK_PASSES(hsm.judged(IssuerRule::version1_may_issue));
}

TEST(name_constraints_of_an_issuer_are_heeded) {
    Pair pair;
    pair.issuer.extensions.push_back(forge::name_constraints_excluding_country("XX"));
    CHECK_PASSES(pair.judged());
    pair.issuer.extensions.back() = forge::name_constraints_excluding_country("US");
    CHECK_FAILS(pair.judged(), Reason::not_a_ca, pair.issuer_name(),
                "its name constraints exclude " + pair.subject_name());
    CHECK_PASSES(pair.judged(IssuerRule::trust_anchor));  // trusted as it is
}

TEST(same_public_key_in_other_certificates) {
    const auto pki = forge::make_pki(1);
    CHECK(same_public_key(made(pki.partition).get(), made(pki.owner_partition).get()));
    CHECK(!same_public_key(made(pki.partition).get(), made(pki.adapter).get()));
    CHECK(!same_certificate(made(pki.partition).get(), made(pki.owner_partition).get()));
}

TEST(names_lead_from_subject_to_issuer) {
    const auto pki = forge::make_pki(1);
    const auto root = made(pki.pool_root);
    const auto partition = made(pki.owner_partition);
    CHECK(names_issuer(partition.get(), root.get()));
    CHECK(!names_issuer(root.get(), partition.get()));
    CHECK(is_self_issued(root.get()) && !is_self_issued(partition.get()));
    CHECK(is_ca(root.get()) && !is_ca(partition.get()));
    CHECK(!is_ca(made(pki.adapter).get()));
}

TEST(a_subject_attribute_given_twice_counts_as_none) {
    auto root = forge::make_pki(1).pool_root;
    const auto certificate = made(root);
    CHECK_EQ(subject_attribute(certificate.get(), NID_commonName), forge::pool_name(1));
    CHECK_EQ(subject_attribute(certificate.get(), NID_organizationName), "Microsoft Corporation");
    CHECK_EQ(subject_attribute(certificate.get(), NID_pkcs9_emailAddress), "");
    root.subject.push_back({{"CN", "second"}});
    CHECK_EQ(subject_attribute(made(root).get(), NID_commonName), "");
    // The display name then is the whole subject.
    CHECK_CONTAINS(display_name(made(root).get()), "CN = second");
}

TEST(facts_of_the_real_adapter) {
    const auto adapter = parse_certificate(nullptr, sample_parts().ders.at(0));
    CHECK_EQ(display_name(adapter.get()), "HSM:5.3G2142-ICM003565, for non-FIPS mode");
    CHECK_EQ(subject_name(adapter.get()),
             "C = US + ST = CA + O = Cavium + OU = N3FIPS + L = SanJose, CN = \"HSM:5.3G2142-ICM003565, for non-FIPS "
             "mode\"");
    CHECK_EQ(issuer_name(adapter.get()),
             "C = US, ST = California, L = San Jose, O = \"Cavium, Inc.\", OU = LiquidSecurity, CN = "
             "localca.liquidsecurity.cavium.com");
    CHECK_EQ(fingerprint(nullptr, adapter.get()), "e805ff7e5fb3c2fd1f1b8f92578e0ca7d5ca90acfd8baf4eb7f0ca8da57b4513");
    CHECK_EQ(utc_time(not_before(adapter.get())), "2021-11-12T18:36:22Z");
    CHECK_EQ(utc_time(not_after(adapter.get())), "2031-11-10T18:36:22Z");
}

TEST(times_are_written_in_utc) {
    CHECK_EQ(utc_time(0), "1970-01-01T00:00:00Z");
    CHECK_EQ(utc_time(-1), "1969-12-31T23:59:59Z");
    CHECK_EQ(utc_time(951782400), "2000-02-29T00:00:00Z");
    CHECK_EQ(utc_time(253402300799), "9999-12-31T23:59:59Z");
}
