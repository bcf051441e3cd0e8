// MHSM-ATTESTATION: EVP_PKEY_fromdata as the programmatic verification, public_check, and MRVL-1 signatures.
#include <openssl/core_names.h>

#include <limits>

#include "cmocka_cpp.h"
#include "core/base64url.h"
#include "core/json.h"
#include "forge.h"
#include "mhsmattest.h"
#include "provider_fixture.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

void check_refused(const EvpPkeyPtr &key, std::string_view reason, std::string_view data) {
    const auto errors = drain_errors();
    CHECK(!key);
    CHECK_EQ(errors.size(), 1);
    CHECK_CONTAINS(errors.front(), "mhsmattest: ");
    CHECK_CONTAINS(errors.front(), reason);
    CHECK_CONTAINS(errors.front(), data);
}

std::string pin(std::string_view digest) { return "sha256:" + std::string(digest); }

struct SignedBlob {
    Bytes data, signature;
};

SignedBlob split(Bytes bytes, std::size_t signature_size = 256) {
    const auto size = static_cast<std::ptrdiff_t>(bytes.size() - signature_size);
    return {Bytes(bytes.begin(), bytes.begin() + size), Bytes(bytes.begin() + size, bytes.end())};
}

SignedBlob blob_of(std::string_view evidence, const char *member) {
    const auto json = parse_json_object(as_bytes(evidence));
    const auto *attestation = json_member(json_member(json->get(), "attributes"), "attestation");
    return split(*base64url_decode(json_string(json_member(attestation, member))));
}

int verify(OSSL_LIB_CTX *libctx, EVP_PKEY *key, const SignedBlob &blob) {
    const EvpPkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(libctx, key, nullptr));
    if (EVP_PKEY_verify_init(context.get()) != 1) return -1;
    return EVP_PKEY_verify(context.get(), blob.signature.data(), blob.signature.size(), blob.data.data(),
                           blob.data.size());
}

TEST(verifies_under_the_module_s_settings) {
    const Application application(real_parameters());
    const auto key = from_data(application.context(), {.evidence = restored_evidence()});
    CHECK(key != nullptr && EVP_PKEY_is_a(key.get(), MHSMATTEST_KEY_TYPE));
    CHECK_EQ(int_param(key.get(), MHSMATTEST_PARAM_ATTESTED), 1);
    CHECK_EQ(text_param(key.get(), MHSMATTEST_PARAM_OWNER_TRUST), "pinned");
    Bytes der(1024);
    std::size_t size = 0;
    CHECK(EVP_PKEY_get_octet_string_param(key.get(), MHSMATTEST_PARAM_PUBLIC_KEY, der.data(), der.size(), &size) == 1);
    const unsigned char *cursor = der.data();
    const EvpPkeyPtr attested(d2i_PUBKEY_ex(nullptr, &cursor, static_cast<long>(size), application.context(), nullptr));
    CHECK_EQ(EVP_PKEY_get_bits(attested.get()), 2048);
    const EvpPkeyPtr copy(EVP_PKEY_dup(key.get()));
    CHECK_EQ(EVP_PKEY_eq(copy.get(), key.get()), 1);
    CHECK_EQ(drain_errors().size(), 0);
}

TEST(settings_of_one_call) {
    const Application unpinned("");
    auto *libctx = unpinned.context();
    const auto evidence = std::string_view(restored_evidence());
    check_refused(from_data(libctx, {.evidence = evidence}), "nothing vouches for the pool root",
                  "owner.authenticated");
    const auto good = pin(sample_pool_root);
    CHECK(from_data(libctx, {.evidence = evidence, .owner_pin = good}));
    CHECK(from_data(libctx, {.evidence = evidence, .owner_pin = pin(sample_hsm_root) + "," + good}));
    check_refused(from_data(libctx, {.evidence = evidence, .owner_pin = pin(sample_hsm_root)}),
                  "not one of the pinned ones", "owner.authenticated");
    CHECK(from_data(libctx, {.evidence = evidence, .policy = "non-exportable", .owner_pin = good}));
    check_refused(from_data(libctx, {.evidence = evidence, .policy = "cabf-code-signing", .owner_pin = good}),
                  "the opposite of what the policy demands", "policy.");
    CHECK(from_data(libctx, {.evidence = evidence, .owner_pin = good, .time = sample_time}));
    check_refused(from_data(libctx, {.evidence = evidence, .owner_pin = good, .time = 1}), "not yet valid", "hw.time");
    CHECK_EQ(drain_errors().size(), 0);
}

// A pin for one call replaces what is configured: with the wrong one nothing else helps.
TEST(a_pin_for_one_call_is_the_only_one) {
    const Application application(real_parameters());
    check_refused(
        from_data(application.context(), {.evidence = restored_evidence(), .owner_pin = pin(sample_hsm_root)}),
        "not one of the pinned ones", "owner.authenticated");
    const Application any("owner-trust = any\n");
    CHECK(from_data(any.context(), {.evidence = restored_evidence()}));
    check_refused(from_data(any.context(), {.evidence = restored_evidence(), .owner_pin = pin(sample_hsm_root)}),
                  "not one of the pinned ones", "owner.authenticated");
}

TEST(bad_parameters) {
    const Application application(real_parameters());
    auto *libctx = application.context();
    const auto evidence = std::string_view(restored_evidence());
    constexpr auto malformed = "missing, unknown or malformed";
    check_refused(from_data(libctx, {}), malformed, "attestation: missing");
    check_refused(from_data(libctx, {.evidence = evidence, .unknown = "polcy"}), malformed, "polcy");
    check_refused(from_data(libctx, {.evidence = evidence, .policy = ""}), malformed, "policy: empty");
    check_refused(from_data(libctx, {.evidence = evidence, .policy = "none"}), "no such policy", "policy");
    check_refused(from_data(libctx, {.evidence = evidence, .owner_pin = "sha256:00"}), "not a fingerprint",
                  "owner-pin");
    check_refused(from_data(libctx, {.evidence = evidence}, EVP_PKEY_KEYPAIR), "no private half", "");
    check_refused(from_data(libctx, {.evidence = recorded_evidence()}), "a key of another name", "bind.kid");
    check_refused(from_data(libctx, {.evidence = "x"}), "not JSON", "evidence.json");
}

TEST(times_at_the_ends_of_their_range) {
    const Application application(real_parameters());
    const auto refused_at = [&](std::int64_t time, std::string_view reason, std::string_view data) {
        check_refused(from_data(application.context(), {.evidence = restored_evidence(), .time = time}), reason, data);
    };
    constexpr std::int64_t last_second_of_year_9999 = 253402300799;
    refused_at(1, "not yet valid", "hw.time");
    refused_at(last_second_of_year_9999, "has expired", "hw.time");
    for (const auto time : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}, last_second_of_year_9999 + 1,
                            std::numeric_limits<std::int64_t>::max()})
        refused_at(time, "missing, unknown or malformed", "at-time: expected Unix seconds");
}

TEST(fromdata_says_what_it_takes) {
    const Application application(real_parameters());
    const EvpPkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(application.context(), MHSMATTEST_KEY_TYPE, nullptr));
    CHECK_EQ(EVP_PKEY_fromdata_init(context.get()), 1);
    const auto *settable = EVP_PKEY_fromdata_settable(context.get(), EVP_PKEY_PUBLIC_KEY);
    CHECK(settable != nullptr);
    std::string names;
    for (; settable->key != nullptr; ++settable) names += std::string(settable->key) + " ";
    CHECK_EQ(names, "attestation policy owner-pin at-time ");
}

// What is exported is the evidence; another library context verifies it again, under settings of its own.
TEST(an_exported_attestation_is_verified_again) {
    const Application application(real_parameters());
    const Application unpinned("");
    const auto key = from_data(application.context(), {.evidence = restored_evidence()});
    OSSL_PARAM *exported = nullptr;
    CHECK_EQ(EVP_PKEY_todata(key.get(), EVP_PKEY_PUBLIC_KEY, &exported), 1);
    const ParamsPtr params(exported);
    const auto import_into = [&](const Application &other) {
        const EvpPkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(other.context(), MHSMATTEST_KEY_TYPE, nullptr));
        EVP_PKEY *imported = nullptr;
        CHECK_EQ(EVP_PKEY_fromdata_init(context.get()), 1);
        static_cast<void>(EVP_PKEY_fromdata(context.get(), &imported, EVP_PKEY_PUBLIC_KEY, params.get()));
        return EvpPkeyPtr(imported);
    };
    CHECK_EQ(EVP_PKEY_eq(import_into(application).get(), key.get()), 1);
    CHECK_EQ(drain_errors().size(), 0);
    check_refused(import_into(unpinned), "nothing vouches for the pool root", "owner.authenticated");
}

TEST(an_attestation_is_not_mistaken_for_the_key_it_is_about) {
    const Application application(real_parameters());
    const auto attestation = from_data(application.context(), {.evidence = restored_evidence()});
    const auto key = application.decode(restored_evidence());
    CHECK(EVP_PKEY_eq(attestation.get(), key.get()) != 1);
    CHECK(EVP_PKEY_eq(key.get(), attestation.get()) != 1);
    static_cast<void>(drain_errors());
}

TEST(public_check_verifies_at_the_current_time) {
    const Folder folder;
    const Application application(forged_parameters(folder));
    auto *libctx = application.context();
    const auto check = [libctx](const EvpPkeyPtr &key) {
        const EvpPkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(libctx, key.get(), nullptr));
        return EVP_PKEY_public_check(context.get());
    };
    const auto genuine = forge::mint("genuine-rsa-2048-fw3");
    CHECK_EQ(check(from_data(libctx, {.evidence = genuine.evidence})), 1);
    CHECK_EQ(check(application.decode(genuine.evidence)), 1);
    // Valid when it was made into a key, for a time in the past; not now.
    const auto expired = forge::mint("hw-partition-expired");
    const auto key = from_data(libctx, {.evidence = expired.evidence, .time = forge::verification_time - 86400});
    CHECK(key);
    CHECK_EQ(drain_errors().size(), 0);
    CHECK(check(key) != 1);
    const auto errors = drain_errors();
    CHECK_EQ(errors.size(), 1);
    CHECK_CONTAINS(errors.front(), "a certificate has expired: hw.time");
}

int digest_verify(OSSL_LIB_CTX *libctx, EVP_PKEY *key, const SignedBlob &blob, const char *digest) {
    const EvpMdCtxPtr context(EVP_MD_CTX_new());
    if (EVP_DigestVerifyInit_ex(context.get(), nullptr, digest, libctx, nullptr, key, nullptr) != 1) return -1;
    const auto half = blob.data.size() / 2;
    if (EVP_DigestVerifyUpdate(context.get(), blob.data.data(), half) != 1 ||
        EVP_DigestVerifyUpdate(context.get(), blob.data.data() + half, blob.data.size() - half) != 1)
        return -1;
    const EvpMdCtxPtr copy(EVP_MD_CTX_new());
    if (EVP_MD_CTX_copy_ex(copy.get(), context.get()) != 1) return -1;
    return EVP_DigestVerifyFinal(copy.get(), blob.signature.data(), blob.signature.size());
}

TEST(mrvl1_verifies_both_firmware_forms) {
    const Folder folder;
    const Application real(real_parameters());
    const Application forged(forged_parameters(folder));
    struct Row {
        const Application &application;
        std::string evidence;
    };
    const Row rows[] = {{real, restored_evidence()},
                        {forged, forge::mint("genuine-rsa-2048-fw2").evidence},
                        {forged, forge::mint("genuine-rsa-2048-fw3").evidence},
                        {forged, forge::mint("genuine-p-256-fw3-both-objects").evidence}};
    for (const auto &row : rows) {
        auto *libctx = row.application.context();
        const auto key = from_data(libctx, {.evidence = row.evidence});
        CHECK(key);
        for (const auto *member : {"privateKeyAttestation", "publicKeyAttestation"}) {
            const auto blob = blob_of(row.evidence, member);
            CHECK_EQ(verify(libctx, key.get(), blob), 1);
            CHECK_EQ(digest_verify(libctx, key.get(), blob, nullptr), 1);
            CHECK_EQ(digest_verify(libctx, key.get(), blob, "SHA256"), 1);
            auto altered = blob;
            altered.data[altered.data.size() / 2] ^= 1U;
            CHECK(verify(libctx, key.get(), altered) != 1);
            altered = blob;
            altered.signature.back() ^= 1U;
            CHECK(verify(libctx, key.get(), altered) != 1);
            altered = blob;
            altered.signature.pop_back();
            CHECK(verify(libctx, key.get(), altered) != 1);
            CHECK(verify(libctx, key.get(), {{}, blob.signature}) != 1);
            CHECK(verify(libctx, key.get(), {blob.data, {}}) != 1);
            CHECK(digest_verify(libctx, key.get(), blob, "SHA512") != 1);
        }
    }
    static_cast<void>(drain_errors());
}

TEST(mrvl1_refuses_the_form_of_the_other_firmware) {
    const Folder folder;
    const Application application(forged_parameters(folder));
    auto *libctx = application.context();
    const auto key = from_data(libctx, {.evidence = forge::mint("genuine-rsa-2048-fw3").evidence});
    for (const auto &name : forge::list_cases()) {
        const auto entry = forge::mint(name.name);
        if (entry.reason != "signature-wrong-form") continue;
        const Context row(name.name);
        const auto *member = entry.check == "signature.private" ? "privateKeyAttestation" : "publicKeyAttestation";
        CHECK(verify(libctx, key.get(), blob_of(entry.evidence, member)) != 1);
        const auto errors = drain_errors();
        CHECK_CONTAINS(errors.front(), "the form of another firmware layout");
    }
}

TEST(an_empty_key_answers_nothing) {
    const Application application(real_parameters());
    const EvpPkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(application.context(), MHSMATTEST_KEY_TYPE, nullptr));
    EVP_PKEY *key = nullptr;
    CHECK(EVP_PKEY_keygen_init(context.get()) != 1);
    CHECK(EVP_PKEY_generate(context.get(), &key) != 1);
    CHECK(key == nullptr);
    static_cast<void>(drain_errors());
}

}  // namespace
