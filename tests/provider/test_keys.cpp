// Attested keys as an application meets them: every way in, what they answer, and that nothing unverified gets in.
#include <openssl/core_names.h>
#include <openssl/pem.h>

#include "cmocka_cpp.h"
#include "forge.h"
#include "mhsmattest.h"
#include "provider_fixture.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

void check_real_key(const EVP_PKEY *key) {
    CHECK(key != nullptr);
    CHECK(EVP_PKEY_is_a(key, "RSA"));
    CHECK_EQ(EVP_PKEY_get_bits(key), 2048);
    CHECK_EQ(int_param(key, MHSMATTEST_PARAM_ATTESTED), 1);
    CHECK_EQ(int_param(key, MHSMATTEST_PARAM_EXTRACTABLE), 0);
    CHECK_EQ(int_param(key, MHSMATTEST_PARAM_NEVER_EXTRACTABLE), 1);
    CHECK_EQ(int_param(key, MHSMATTEST_PARAM_LOCAL), 1);
    CHECK_EQ(int_param(key, MHSMATTEST_PARAM_SENSITIVE), 1);
    CHECK_EQ(int_param(key, MHSMATTEST_PARAM_ALWAYS_SENSITIVE), 1);
    CHECK_EQ(text_param(key, MHSMATTEST_PARAM_KEY_ID), restored_kid.substr(restored_kid.find("/keys/")));
    CHECK_EQ(text_param(key, MHSMATTEST_PARAM_HSM_SERIAL), "5.3G2142-ICM003565");
    CHECK_EQ(text_param(key, MHSMATTEST_PARAM_PARTITION), "B68F19F78741F50C323F94BF246751:PARTN:1");
    CHECK_EQ(text_param(key, MHSMATTEST_PARAM_OWNER_ROOT_SHA256), sample_pool_root);
    CHECK_EQ(text_param(key, MHSMATTEST_PARAM_OWNER_TRUST), "pinned");
    CHECK_EQ(text_param(key, MHSMATTEST_PARAM_HSM_ROOT_SHA256), sample_hsm_root);
    CHECK_CONTAINS(text_param(key, MHSMATTEST_PARAM_REPORT), "\"verdict\":\"verified\"");
}

// No key, and exactly one error of ours that names `check` and states `reason`.
void check_refused(const EvpPkeyPtr &key, std::string_view reason, std::string_view data) {
    const auto errors = drain_errors();
    CHECK(!key);
    CHECK(!errors.empty());
    std::size_t ours = 0;
    for (const auto &error : errors) {
        if (!error.starts_with("mhsmattest: ")) continue;
        ++ours;
        CHECK_CONTAINS(error, reason);
        CHECK_CONTAINS(error, data);
    }
    CHECK_EQ(ours, 1);
}

EvpPkeyPtr plain_copy(OSSL_LIB_CTX *context, const EVP_PKEY *key) {
    const auto der = public_key_der(key);
    const unsigned char *cursor = der.data();
    return EvpPkeyPtr(d2i_PUBKEY_ex(nullptr, &cursor, static_cast<long>(der.size()), context, "provider=default"));
}

EvpPkeyPtr forged_key(const Application &application, const Folder &folder, std::string_view name) {
    const auto path = folder.write(std::string(name) + ".json", forge::mint(name).evidence);
    return application.load_uri("mhsm://" + path);
}

// Later releases know but their own input types where a key is to be decoded; left open, it is found by all.
bool takes_json_by_name() { return OPENSSL_version_major() == 3 && OPENSSL_version_minor() == 0; }

TEST(every_way_in_gives_the_attested_key) {
    const Folder folder;
    const Application application(real_parameters());
    CHECK(application.loaded());
    const auto path = folder.write("a.json", restored_evidence());
    const auto check = [](const char *way, const EvpPkeyPtr &key) {
        const Context row(way);
        check_real_key(key.get());
    };
    check("URI", application.load_uri("mhsm://" + path));
    check("URI in upper case", application.load_uri("MHSM://" + path));
    check("file", application.load_file(path));
    check("decoder", application.decode(restored_evidence()));
    check("decoder for RSA", application.decode(restored_evidence(), "RSA"));
    if (takes_json_by_name()) {
        check("decoder of JSON for RSA", application.decode_json(restored_evidence(), "RSA"));
        check("decoder of JSON", application.decode_json(restored_evidence(), nullptr));
    }
    check("decoder, white space and a mark", application.decode("\xef\xbb\xbf \r\n\t" + restored_evidence() + "\n"));
    CHECK_EQ(drain_errors().size(), 0);
}

TEST(a_type_that_is_not_the_key_s_gives_none) {
    const Application application(real_parameters());
    CHECK(!application.decode_json(restored_evidence(), "EC"));
    CHECK(!application.decode_json(restored_evidence(), MHSMATTEST_KEY_TYPE));
    static_cast<void>(drain_errors());
}

TEST(escapes_in_uris) {
    const Folder folder;
    const Application application(real_parameters());
    const auto path = folder.write("a b%c?.json", restored_evidence());
    check_real_key(application.load_uri("mhsm://" + path.substr(0, path.rfind('/')) + "/a%20b%25c%3f.json").get());
    check_refused(application.load_uri("mhsm:///tmp/%0.json"), "not a URI of this provider", "% escape");
    check_refused(application.load_uri("mhsm:///tmp/%00.json"), "not a URI of this provider", "% escape");
    check_refused(application.load_uri("mhsm:///tmp/a.json#b"), "not a URI of this provider", "");
    check_refused(application.load_uri("mhsm:///tmp/a.json?x=y"), "not a URI of this provider", "certificate=");
    check_refused(application.load_uri("mhsm:///"), "not a URI of this provider", "mhsm:///absolute/path.json");
    check_refused(application.load_uri("mhsm:///nowhere/a.json"), "could not be read", "No such file");
}

TEST(without_the_fetch_library_hosts_are_refused) {
    const Application application(real_parameters() + "fetch-library = /nowhere/libmhsmattest-fetch.so\n");
    check_refused(application.load_uri("mhsm://pool.managedhsm.azure.net/keys/a/b"),
                  "the fetch library is not installed", "/nowhere/libmhsmattest-fetch.so");
    check_refused(application.load_uri("mhsm://pool.managedhsm.azure.net/keys/a_b"), "not a URI of this provider", "");
}

TEST(copies_and_comparisons_keep_the_attestation) {
    const Application application(real_parameters());
    const auto key = application.decode(restored_evidence());
    const EvpPkeyPtr copy(EVP_PKEY_dup(key.get()));
    check_real_key(copy.get());
    const auto plain = plain_copy(application.context(), key.get());
    CHECK(plain);
    CHECK_EQ(int_param(plain.get(), MHSMATTEST_PARAM_ATTESTED), -1);
    CHECK_EQ(EVP_PKEY_eq(key.get(), copy.get()), 1);
    CHECK_EQ(EVP_PKEY_eq(key.get(), plain.get()), 1);
    CHECK_EQ(EVP_PKEY_eq(plain.get(), key.get()), 1);
    const EvpPkeyPtr other(EVP_PKEY_Q_keygen(application.context(), nullptr, "RSA", std::size_t{2048}));
    CHECK(other);
    CHECK_EQ(EVP_PKEY_eq(key.get(), other.get()), 0);
    CHECK_EQ(EVP_PKEY_eq(other.get(), key.get()), 0);
    check_real_key(key.get());
}

TEST(ec_and_symmetric_keys) {
    const Folder folder;
    const Application application(forged_parameters(folder));
    CHECK(application.loaded());
    for (const auto *name : {"genuine-p-256-fw2", "genuine-p-384-fw3", "genuine-p-521-fw2", "genuine-p-256k-fw3"}) {
        const Context row(name);
        const auto key = forged_key(application, folder, name);
        CHECK(key != nullptr && EVP_PKEY_is_a(key.get(), "EC"));
        CHECK_EQ(int_param(key.get(), MHSMATTEST_PARAM_ATTESTED), 1);
        CHECK(!text_param(key.get(), OSSL_PKEY_PARAM_GROUP_NAME).empty());
        const auto plain = plain_copy(application.context(), key.get());
        CHECK_EQ(EVP_PKEY_eq(plain.get(), key.get()), 1);
        CHECK_EQ(EVP_PKEY_eq(key.get(), plain.get()), 1);
        for (const auto &error : drain_errors()) FAIL_TEST(error);
    }
    const auto key = forged_key(application, folder, "genuine-aes-256-fw3");
    CHECK(key != nullptr && EVP_PKEY_is_a(key.get(), MHSMATTEST_KEY_TYPE));
    CHECK_EQ(EVP_PKEY_get_bits(key.get()), 256);
    CHECK_EQ(int_param(key.get(), MHSMATTEST_PARAM_NEVER_EXTRACTABLE), 1);
    const EvpPkeyPtr copy(EVP_PKEY_dup(key.get()));
    CHECK_EQ(EVP_PKEY_eq(key.get(), copy.get()), 1);
    CHECK_EQ(drain_errors().size(), 0);
}

TEST(what_the_hsm_does_not_state_is_not_answered) {
    const Folder folder;
    const Application application(forged_parameters(folder));
    struct Row {
        const char *evidence, *absent;
    };
    for (const Row &row : {Row{"policy-never-extractable-rsa-2048-absent", MHSMATTEST_PARAM_NEVER_EXTRACTABLE},
                           Row{"policy-local-rsa-2048-not-available", MHSMATTEST_PARAM_LOCAL},
                           Row{"policy-sensitive-p-384-absent", MHSMATTEST_PARAM_SENSITIVE}}) {
        const Context where(row.evidence);
        const auto key = forged_key(application, folder, row.evidence);
        CHECK(key);
        CHECK_EQ(int_param(key.get(), MHSMATTEST_PARAM_ATTESTED), 1);
        CHECK_EQ(int_param(key.get(), row.absent), -1);
    }
}

TEST(a_signature_is_verified_with_the_attested_key) {
    const Folder folder;
    const Application application(forged_parameters(folder));
    for (const auto *name : {"rsa-2048", "p-256", "p-384"}) {
        const Context row(name);
        const auto pem = read_file(MHSM_SOURCE_DIR "/tests/forge/keys/TEST-ONLY-" + std::string(name) + ".pem");
        const auto bio = memory_bio(as_bytes(pem));
        const EvpPkeyPtr signer(
            PEM_read_bio_PrivateKey_ex(bio.get(), nullptr, nullptr, nullptr, application.context(), nullptr));
        const EvpMdCtxPtr signing(EVP_MD_CTX_new());
        CHECK(signer && EVP_DigestSignInit_ex(signing.get(), nullptr, "SHA256", application.context(), nullptr,
                                              signer.get(), nullptr) == 1);
        Bytes signature(1024);
        std::size_t size = signature.size();
        const auto document = as_bytes("document");
        CHECK(EVP_DigestSign(signing.get(), signature.data(), &size, document.data(), document.size()) == 1);

        const auto key = forged_key(application, folder, "genuine-" + std::string(name) + "-fw2");
        const EvpMdCtxPtr verifying(EVP_MD_CTX_new());
        CHECK(EVP_DigestVerifyInit_ex(verifying.get(), nullptr, "SHA256", application.context(), nullptr, key.get(),
                                      nullptr) == 1);
        CHECK_EQ(EVP_DigestVerify(verifying.get(), signature.data(), size, document.data(), document.size()), 1);
        CHECK_EQ(int_param(key.get(), MHSMATTEST_PARAM_ATTESTED), 1);
    }
}

TEST(private_operations_fail) {
    const Application application(real_parameters());
    const auto key = application.decode(restored_evidence());
    const EvpPkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(application.context(), key.get(), nullptr));
    CHECK(EVP_PKEY_private_check(context.get()) != 1);
    CHECK(EVP_PKEY_pairwise_check(context.get()) != 1);
    static_cast<void>(drain_errors());
    Bytes signature(256);
    std::size_t size = signature.size();
    const Bytes digest(32);
    CHECK(EVP_PKEY_sign_init(context.get()) != 1 ||
          EVP_PKEY_sign(context.get(), signature.data(), &size, digest.data(), digest.size()) != 1);
    static_cast<void>(drain_errors());
}

TEST(unverified_evidence_gives_no_key_by_any_way) {
    const Folder folder;
    const Application application(real_parameters());
    const auto path = folder.write("a.json", recorded_evidence());
    constexpr auto reason = "the HSM attested a key of another name";
    const auto check = [&](const char *way, const EvpPkeyPtr &key) {
        const Context row(way);
        check_refused(key, reason, "bind.kid: ");
    };
    check("URI", application.load_uri("mhsm://" + path));
    check("file", application.load_file(path));
    check("decoder", application.decode(recorded_evidence()));
    if (takes_json_by_name()) check("decoder of JSON for RSA", application.decode_json(recorded_evidence(), "RSA"));
    auto broken = restored_evidence();
    broken.resize(broken.size() / 2);
    check_refused(application.decode(broken), "the JSON ends too early", "evidence.json");
    check_refused(application.decode(restored_evidence() + restored_evidence()), "something follows the JSON object",
                  "evidence.json");
    check_refused(application.decode(restored_evidence() + std::string(std::size_t{300} << 10U, ' ')),
                  "larger than any attestation", "evidence.json");
    const Application unpinned("");
    check_refused(unpinned.decode(restored_evidence()), "nothing vouches for the pool root", "owner-pins");
}

TEST(other_people_s_bytes_are_left_alone) {
    const Folder folder;
    const Application application(real_parameters());
    const EvpPkeyPtr key(EVP_PKEY_Q_keygen(application.context(), nullptr, "EC", "P-256"));
    const auto der = public_key_der(key.get());
    CHECK(application.decode(as_text(der)) != nullptr);
    const auto text = pem("PUBLIC KEY", der);
    CHECK(application.decode(text) != nullptr);
    CHECK(application.load_file(folder.write("key.pem", "\n\n" + text)) != nullptr);
    CHECK_EQ(drain_errors().size(), 0);
    for (const auto *foreign : {"", "{", "{}", "{\"kty\":\"EC\"}", "\xef\xbb\xbf", "  \n", "\xff\xfe{", "[1]", "x"}) {
        const Context row(foreign);
        CHECK(!application.decode(foreign));
        for (const auto &error : drain_errors()) CHECK(!error.starts_with("mhsmattest: "));
    }
    std::string wide = "\xff\xfe";
    for (const char c : std::string("{\"attestation\":{}}")) wide += std::string{c, '\0'};
    check_refused(application.decode(wide), "UTF-16", "evidence.json");
}

}  // namespace
