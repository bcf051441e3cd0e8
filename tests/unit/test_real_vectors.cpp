// What real HSMs signed: an Azure Managed HSM answer (firmware 2.x) and two Google Cloud HSM ones (3.x).
#include <openssl/x509.h>

#include <set>

#include "outcomes.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

// Other than the named ones, every check passes or is rightly not made.
void check_all_pass_but(const Report &report, const std::set<std::string> &failing) {
    for (const auto &check : report.checks) {
        const Context context(check.id);
        if (failing.contains(check.id))
            CHECK_EQ(check.outcome.status, Status::fail);
        else if (check.id == "bind.request")
            CHECK_SKIPS(check.outcome, Reason::not_asked, true);
        else
            CHECK_PASSES(check.outcome);
    }
    for (const auto id : mandatory_checks()) CHECK(report.find(id) != nullptr);
}

// Google's blobs and certificates are not part of the project; they lie beside it where they are available.
struct GoogleVector {
    Bytes blob;
    std::vector<X509Ptr> bundle, roots;

    explicit GoogleVector(const std::string &name) {
        const std::string base = MHSM_SOURCE_DIR "/../shared/vectors/gcp/" + name;
        if (!file_exists(base + ".dat.gz")) skip_test("no Google vectors");
        const auto content = gunzip(base + ".dat.gz");
        blob.assign(content.begin(), content.end());
        for (const auto &der : split_bundle(read_file(base + ".certs.pem"))) {
            auto certificate = parse_certificate(nullptr, der);
            auto &list = display_name(certificate.get()) == "localca.liquidsecurity.cavium.com" ? roots : bundle;
            list.push_back(std::move(certificate));
        }
    }
    ChosenChains chains(VerificationTime time) const {
        return choose_chains(bundle, roots, time, [this](EVP_PKEY *key) { return signed_by(nullptr, blob, key); });
    }
};

constexpr std::int64_t in_2025 = 1735689600;  // 2025-01-01: the root of 2015 is still valid

Blob verified_blob(const GoogleVector &vector, X509 *partition) {
    auto blob = parse_blob(vector.blob, static_cast<std::size_t>(EVP_PKEY_get_size(X509_get0_pubkey(partition))),
                           "attestation");
    CHECK_PASSES(blob);
    CHECK_EQ(blob->layout, Layout::firmware3);
    CHECK_PASSES(verify_blob_signature(nullptr, *blob, X509_get0_pubkey(partition), "attestation"));
    return *blob;
}

}  // namespace

TEST(azure_as_recorded_fails_only_where_names_were_masked) {
    const auto report = verify_sample(recorded_evidence(), Trust{});
    check_all_pass_but(report, {"bind.kid", "bind.pool", "owner.authenticated"});
    CHECK_FAILS(*report.find("bind.kid"), Reason::kid_differs, "key.kid",
                "the HSM signed /keys/key1-hnhgsllilfcl3pdtpld/7071fabc480c0ca186f786a9b78c9456, key.kid says "
                "/keys/key1-000003/7071fabc480c0ca186f786a9b78c9456");
    CHECK_FAILS(*report.find("bind.pool"), Reason::pool_differs, "key.kid",
                "the pool root is that of clitesthsmkeyatsbvzpfrzm, key.kid says clitesthsmkeyats000002");
    CHECK_FAILS(*report.find("owner.authenticated"), Reason::owner_unauthenticated, sample_pool,
                "pool root sha256:" + std::string(sample_pool_root));
    CHECK_EQ(verdict(report), Verdict::not_verified);
}

TEST(azure_with_names_restored_and_root_pinned_is_verified) {
    const auto report = verify_sample(restored_evidence());
    check_all_pass_but(report, {});
    CHECK_EQ(verdict(report), Verdict::verified);
    CHECK(first_obstacle(report) == nullptr);
}

TEST(azure_facts_are_those_of_the_blob) {
    const auto report = verify_sample(restored_evidence());
    CHECK(report.key && report.hsm && report.owner);
    CHECK_EQ(report.key->type, "RSA");
    CHECK_EQ(report.key->bits, 2048);
    CHECK_EQ(report.key->id, "/keys/key1-hnhgsllilfcl3pdtpld/7071fabc480c0ca186f786a9b78c9456");
    CHECK_EQ(report.key->label, "customer_key");
    CHECK_EQ(report.key->check_value, "c0a5a1");
    CHECK_EQ(report.key->created_by, "CKM_RSA_X9_31_KEY_PAIR_GEN");
    CHECK_EQ(report.key->extractable, std::optional(false));
    CHECK_EQ(report.key->never_extractable, std::optional(true));
    CHECK_EQ(report.key->sensitive, std::optional(true));
    CHECK_EQ(report.key->always_sensitive, std::optional(true));
    CHECK_EQ(report.key->local, std::optional(true));
    CHECK_EQ(report.hsm->serial, "5.3G2142-ICM003565");
    CHECK_EQ(report.hsm->partition, "B68F19F78741F50C323F94BF246751:PARTN:1");
    CHECK_EQ(report.hsm->fips_words, "for non-FIPS mode");
    CHECK_EQ(report.hsm->firmware_layout, "2.x");
    CHECK_EQ(report.hsm->root_sha256, sample_hsm_root);
    CHECK_EQ(report.owner->pool, sample_pool);
    CHECK_EQ(report.owner->root_sha256, sample_pool_root);
    CHECK_EQ(report.owner->trust, OwnerTrust::pinned);
    CHECK_EQ(report.objects.at(0).attributes.size(), 45U);
    CHECK_EQ(report.objects.at(1).attributes.size(), 43U);
    CHECK_EQ(report.certificates.size(), 5U);
    CHECK_EQ(report.service.created, std::optional<std::int64_t>(1746685312));
    CHECK_EQ(report.service.recovery_level, std::optional<std::string>("CustomizedRecoverable+Purgeable"));
}

TEST(azure_is_outside_its_dates_before_2025_and_after_2031) {
    const auto early = verify_sample(restored_evidence(), sample_trust(), {}, {}, 1735689600);  // 2025-01-01
    CHECK_FAILS(*early.find("hw.time"), Reason::cert_not_yet_valid,
                "HSM:B68F19F78741F50C323F94BF246751:PARTN:1, for non-FIPS mode",
                "valid 2025-05-08T06:12:42Z to 2035-05-06T06:12:42Z, checked for 2025-01-01T00:00:00Z");
    CHECK_FAILS(*early.find("owner.time"), Reason::cert_not_yet_valid, sample_pool, "valid 2025-05-08T06:14:23Z to");
    const auto late = verify_sample(restored_evidence(), sample_trust(), {}, {}, 1952102183);  // one second past
    CHECK_FAILS(*late.find("hw.time"), Reason::cert_expired, "HSM:5.3G2142-ICM003565, for non-FIPS mode",
                "to 2031-11-10T18:36:22Z");
    CHECK_PASSES(*late.find("owner.time"));
    CHECK_PASSES(*verify_sample(restored_evidence(), sample_trust(), {}, {}, 1952102182).find("hw.time"));
}

TEST(azure_meets_the_policies_that_fit_it) {
    auto policy = named_policy("non-exportable").value();
    CHECK_PASSES(add_demands(policy, "min-bits=2048,key-type=RSA,not-trusted"));
    const auto good = verify_sample(restored_evidence(), sample_trust(), policy);
    CHECK_EQ(verdict(good), Verdict::verified);
    const auto code_signing =
        verify_sample(restored_evidence(), sample_trust(), named_policy("cabf-code-signing").value());
    CHECK_FAILS(*code_signing.find("policy.key-any-of"), Reason::demand_false, "key",
                "expected RSA-3072|P-256|P-384|P-521, found RSA-2048");
    CHECK_EQ(verdict(code_signing), Verdict::not_verified);
}

TEST(google_ec_key_with_both_objects_in_one_blob) {
    const GoogleVector vector("ec-p256-fw3");
    const auto chains = vector.chains(in_2025);
    CHECK_PASSES(chains.hw_chain);
    CHECK_EQ(display_name(chains.adapter), "HSM:5.2G1804-ICM000678, for FIPS mode");
    CHECK_PASSES(check_validity({chains.hsm_root, chains.adapter, chains.partition}, in_2025));
    CHECK_PASSES(check_partition_key_strength(chains.partition));

    const auto blob = verified_blob(vector, chains.partition);
    CHECK_EQ(blob.objects.size(), 2U);
    const auto public_key = read_key_object(blob, ObjectClass::public_key, std::nullopt, "public").value();
    const auto private_key = read_key_object(blob, ObjectClass::private_key, std::nullopt, "private").value();
    CHECK_EQ(public_key.curve->name, "P-256");
    CHECK_EQ(hex(public_key.material.first(5)), "04b5086c11");
    CHECK_PASSES(bind_pair(private_key, public_key, blob, blob));
    CHECK_PASSES(make_public_key(nullptr, public_key, std::nullopt, "public"));
    CHECK_EQ(read_boolean(*private_key.object, cka::NEVER_EXTRACTABLE), Tri::yes);
    CHECK_EQ(read_boolean(*public_key.object, cka::NEVER_EXTRACTABLE), Tri::no);
    CHECK_EQ(read_boolean(*private_key.object, cka::TOKEN), Tri::malformed);  // 02 on this firmware
    CHECK_EQ(hex(*find_value(*private_key.object, cka::CHECK_VALUE)), "5afa26");
}

TEST(google_aes_key) {
    const GoogleVector vector("aes-256-fw3");
    const auto chains = vector.chains(in_2025);
    CHECK_PASSES(chains.hw_chain);
    const auto blob = verified_blob(vector, chains.partition);
    CHECK_EQ(blob.objects.size(), 1U);
    const auto key = read_key_object(blob, ObjectClass::private_key, std::nullopt, "private").value();
    CHECK_EQ(key.object_class, ObjectClass::secret_key);
    CHECK_EQ(key.type, KeyType::aes);
    CHECK_EQ(key.bits, 256);
    CHECK_EQ(read_boolean(*key.object, cka::EXTRACTABLE), Tri::no);
    CHECK_FAILS(read_key_object(blob, ObjectClass::public_key, std::nullopt, "public"), Reason::object_class_wrong,
                "public", "expected public key, found secret key");
}

TEST(google_signatures_do_not_verify_in_the_form_of_firmware_2) {
    const GoogleVector vector("aes-256-fw3");
    const auto chains = vector.chains(in_2025);
    auto blob = verified_blob(vector, chains.partition);
    blob.layout = Layout::firmware2;
    CHECK_FAILS(verify_blob_signature(nullptr, blob, X509_get0_pubkey(chains.partition), "attestation"),
                Reason::signature_wrong_form, "attestation", "firmware 2.x signs the bare hash, found DigestInfo");
}

TEST(google_root_of_2015_expired_in_2025) {
    const GoogleVector vector("ec-p256-fw3");
    const auto chains = vector.chains(sample_time);
    CHECK_FAILS(check_validity({chains.hsm_root, chains.adapter, chains.partition}, sample_time), Reason::cert_expired,
                "localca.liquidsecurity.cavium.com", "to 2025-11-16T13:55:25Z");
}

TEST(google_chain_leads_to_the_embedded_root_too) {
    GoogleVector vector("ec-p256-fw3");
    vector.roots = std::move(*parse_anchors(nullptr, as_bytes(embedded_hsm_roots()[0].pem)));
    const auto chains = vector.chains(sample_time);
    CHECK_PASSES(chains.hw_chain);
    CHECK_EQ(fingerprint(nullptr, chains.hsm_root), sample_hsm_root);
}

TEST(google_evidence_has_no_pool_root_of_microsoft) {
    const GoogleVector vector("ec-p256-fw3");
    CHECK_FAILS(vector.chains(in_2025).owner_chain, Reason::no_pool_root, "certificatePemFile", "");
}
