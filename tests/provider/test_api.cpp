// What applications do with keys through libcrypto's API beyond loading them: old and new ways to take them apart,
// write them, put them into certificates, and to ask the store for one kind of object.
#define OPENSSL_SUPPRESS_DEPRECATED  // applications use the functions of OpenSSL 1 still
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/encoder.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/store.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>

#include "cmocka_cpp.h"
#include "forge.h"
#include "mhsmattest.h"
#include "provider_fixture.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

using StorePtr = std::unique_ptr<OSSL_STORE_CTX, Deleter<OSSL_STORE_close>>;
using InfoPtr = std::unique_ptr<OSSL_STORE_INFO, Deleter<OSSL_STORE_INFO_free>>;
using ReqPtr = std::unique_ptr<X509_REQ, Deleter<X509_REQ_free>>;

struct Forged {
    Folder folder;
    Application application{forged_parameters(folder)};
    OSSL_LIB_CTX *context() const { return application.context(); }
    EvpPkeyPtr load(std::string_view name) const { return application.decode(forge::mint(name).evidence); }
};

EvpPkeyPtr attestation_of(OSSL_LIB_CTX *libctx, std::string_view name) {
    auto key = from_data(libctx, {.evidence = forge::mint(name).evidence});
    CHECK(key);
    return key;
}

std::string written(const EVP_PKEY *key, int (*write)(BIO *, const EVP_PKEY *)) {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    if (write(bio.get(), key) != 1) return "";
    char *text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
}

void check_still_attested(const EVP_PKEY *key) {
    CHECK_EQ(int_param(key, MHSMATTEST_PARAM_ATTESTED), 1);
    CHECK_EQ(int_param(key, MHSMATTEST_PARAM_NEVER_EXTRACTABLE), 1);
    CHECK(OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(key)) == std::string_view(MHSMATTEST_PROVIDER_NAME));
}

TEST(functions_of_openssl_1_work_on_attested_keys) {
    const Forged forged;
    const auto rsa_key = forged.load("genuine-rsa-2048-fw3");
    CHECK_EQ(EVP_PKEY_get_base_id(rsa_key.get()), EVP_PKEY_RSA);
    RSA *rsa = EVP_PKEY_get1_RSA(rsa_key.get());
    CHECK(rsa != nullptr);
    CHECK_EQ(RSA_bits(rsa), 2048);
    CHECK(RSA_get0_d(rsa) == nullptr);
    BIGNUM *n = nullptr;
    CHECK_EQ(EVP_PKEY_get_bn_param(rsa_key.get(), OSSL_PKEY_PARAM_RSA_N, &n), 1);
    const bool same = BN_cmp(n, RSA_get0_n(rsa)) == 0;
    BN_free(n);
    RSA_free(rsa);
    CHECK(same);
    check_still_attested(rsa_key.get());

    const auto ec_key = forged.load("genuine-p-256-fw3");
    CHECK_EQ(EVP_PKEY_get_base_id(ec_key.get()), EVP_PKEY_EC);
    EC_KEY *ec = EVP_PKEY_get1_EC_KEY(ec_key.get());
    CHECK(ec != nullptr);
    const bool whole = EC_KEY_check_key(ec) == 1 && EC_KEY_get0_private_key(ec) == nullptr;
    EC_KEY_free(ec);
    CHECK(whole);
    check_still_attested(ec_key.get());
    CHECK(EVP_PKEY_get0_RSA(ec_key.get()) == nullptr);
    static_cast<void>(drain_errors());
}

TEST(facts_of_the_key_itself) {
    const Forged forged;
    const auto rsa = forged.load("genuine-rsa-3072-fw3");
    CHECK_EQ(EVP_PKEY_get_bits(rsa.get()), 3072);
    CHECK_EQ(EVP_PKEY_get_size(rsa.get()), 384);
    CHECK_EQ(EVP_PKEY_get_security_bits(rsa.get()), 128);
    CHECK_EQ(EVP_PKEY_can_sign(rsa.get()), 1);
    const auto ec = forged.load("genuine-p-384-fw2");
    CHECK_EQ(text_param(ec.get(), OSSL_PKEY_PARAM_GROUP_NAME), "secp384r1");
    unsigned char *point = nullptr;
    const auto size = EVP_PKEY_get1_encoded_public_key(ec.get(), &point);
    OPENSSL_free(point);
    CHECK_EQ(size, 97);
    for (auto *key : {rsa.get(), ec.get()}) {
        std::array<char, 64> digest{};
        CHECK(EVP_PKEY_get_default_digest_name(key, digest.data(), digest.size()) > 0);
        CHECK_EQ(std::string_view(digest.data()), "SHA256");
        OSSL_PARAM *params = nullptr;
        CHECK_EQ(EVP_PKEY_todata(key, EVP_PKEY_PUBLIC_KEY, &params), 1);
        OSSL_PARAM_free(params);
        CHECK_CONTAINS(
            written(key, [](BIO *bio, const EVP_PKEY *k) { return EVP_PKEY_print_public(bio, k, 0, nullptr); }),
            "Attestation:\n");
        check_still_attested(key);
    }
    CHECK_EQ(drain_errors().size(), 0);
}

TEST(parameters_can_be_copied_but_not_the_attestation) {
    const Forged forged;
    const auto key = forged.load("genuine-p-256-fw2");
    const EvpPkeyPtr empty(EVP_PKEY_new());
    CHECK_EQ(EVP_PKEY_missing_parameters(key.get()), 0);
    if (EVP_PKEY_copy_parameters(empty.get(), key.get()) == 1) {
        CHECK_EQ(EVP_PKEY_parameters_eq(empty.get(), key.get()), 1);
        CHECK_EQ(int_param(empty.get(), MHSMATTEST_PARAM_ATTESTED), -1);
    }
    check_still_attested(key.get());
    static_cast<void>(drain_errors());
}

TEST(certificates_and_requests_take_the_key) {
    const Forged forged;
    for (const auto *name : {"genuine-rsa-2048-fw2", "genuine-p-256-fw3"}) {
        const Context row(name);
        const auto key = forged.load(name);
        const auto attestation = attestation_of(forged.context(), name);
        for (auto *given : {key.get(), attestation.get()}) {
            const X509Ptr certificate(X509_new_ex(forged.context(), nullptr));
            CHECK_EQ(X509_set_pubkey(certificate.get(), given), 1);
            const ReqPtr request(X509_REQ_new_ex(forged.context(), nullptr));
            CHECK_EQ(X509_REQ_set_pubkey(request.get(), given), 1);
            CHECK_EQ(int_param(given, MHSMATTEST_PARAM_ATTESTED), 1);
        }
    }
    CHECK_EQ(drain_errors().size(), 0);
}

TEST(an_attestation_is_written_as_the_public_key_it_is_about) {
    const Forged forged;
    for (const auto *name : {"genuine-rsa-2048-fw2", "genuine-p-521-fw3"}) {
        const Context row(name);
        const auto key = forged.load(name);
        const auto attestation = attestation_of(forged.context(), name);
        CHECK_CONTAINS(written(attestation.get(), PEM_write_bio_PUBKEY), "-----BEGIN PUBLIC KEY-----\n");
        CHECK_EQ(written(attestation.get(), PEM_write_bio_PUBKEY), written(key.get(), PEM_write_bio_PUBKEY));
        CHECK(written(attestation.get(), i2d_PUBKEY_bio) == written(key.get(), i2d_PUBKEY_bio));
    }
    CHECK_EQ(drain_errors().size(), 0);
    const auto symmetric = forged.load("genuine-aes-256-fw3");
    for (auto *write : {PEM_write_bio_PUBKEY, i2d_PUBKEY_bio}) {
        CHECK_EQ(written(symmetric.get(), write), "");
        const auto errors = drain_errors();
        CHECK_EQ(errors.size(), 1);
        CHECK_CONTAINS(errors.front(), "mhsmattest: a symmetric key has no public half: /keys/");
    }
}

TEST(no_private_key_is_ever_written) {
    const Forged forged;
    for (const auto *name : {"genuine-rsa-2048-fw2", "genuine-p-256-fw3", "genuine-aes-256-fw3"}) {
        const Context row(name);
        const auto key = forged.load(name);
        const BioPtr bio(BIO_new(BIO_s_mem()));
        CHECK(PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1);
        CHECK(i2d_PrivateKey(key.get(), nullptr) <= 0);
        static_cast<void>(drain_errors());
    }
}

// The objects of the opened store; an end without any counts as none.
int count_objects(OSSL_STORE_CTX *store, int type) {
    int count = 0;
    while (OSSL_STORE_eof(store) == 0) {
        const InfoPtr info(OSSL_STORE_load(store));
        if (!info) continue;
        CHECK_EQ(OSSL_STORE_INFO_get_type(info.get()), type);
        ++count;
    }
    return count;
}

TEST(the_store_gives_what_is_expected_and_nothing_else) {
    const Folder folder;
    const Application application(real_parameters());
    const auto uri = "mhsm://" + folder.write("a.json", restored_evidence());
    struct Row {
        int type, count;
        std::ptrdiff_t errors;
    };
    for (const auto &row :
         {Row{OSSL_STORE_INFO_PUBKEY, 1, 0}, Row{OSSL_STORE_INFO_CERT, 5, 0}, Row{OSSL_STORE_INFO_NAME, 5, 0},
          Row{OSSL_STORE_INFO_PARAMS, 0, 0}, Row{OSSL_STORE_INFO_CRL, 0, 0}, Row{OSSL_STORE_INFO_PKEY, 0, 1}}) {
        const Context where(OSSL_STORE_INFO_type_string(row.type));
        const StorePtr store(OSSL_STORE_open_ex(uri.c_str(), application.context(), nullptr, nullptr, nullptr, nullptr,
                                                nullptr, nullptr));
        CHECK(store && OSSL_STORE_expect(store.get(), row.type) == 1);
        CHECK_EQ(count_objects(store.get(), row.type), row.count);
        // OpenSSL 3.5 leaves errors of its own behind for each name that a loader gives.
        CHECK_EQ(std::ranges::count_if(drain_errors(), [](const auto &e) { return e.starts_with("mhsmattest: "); }),
                 row.errors);
    }
    const StorePtr store(
        OSSL_STORE_open_ex(uri.c_str(), application.context(), nullptr, nullptr, nullptr, nullptr, nullptr, nullptr));
    CHECK_EQ(OSSL_STORE_supports_search(store.get(), OSSL_STORE_SEARCH_BY_NAME), 0);
    static_cast<void>(drain_errors());
}

TEST(a_store_attached_to_a_stream) {
    const Application application(real_parameters());
    for (const auto &[evidence, count] : {std::pair{restored_evidence(), 1}, std::pair{recorded_evidence(), 0}}) {
        const auto bio = memory_bio(as_bytes(evidence));
        const StorePtr store(OSSL_STORE_attach(bio.get(), "file", application.context(), nullptr, nullptr, nullptr,
                                               nullptr, nullptr, nullptr));
        CHECK(store && OSSL_STORE_expect(store.get(), OSSL_STORE_INFO_PUBKEY) == 1);
        CHECK_EQ(count_objects(store.get(), OSSL_STORE_INFO_PUBKEY), count);
        static_cast<void>(drain_errors());
    }
    const auto bio = memory_bio(as_bytes(restored_evidence()));
    const StorePtr ours(OSSL_STORE_attach(bio.get(), MHSMATTEST_URI_SCHEME, application.context(), nullptr, nullptr,
                                          nullptr, nullptr, nullptr, nullptr));
    CHECK_EQ(count_objects(ours.get(), OSSL_STORE_INFO_PUBKEY), 0);
    const auto errors = drain_errors();
    CHECK_EQ(errors.size(), 1);
    CHECK_CONTAINS(errors.front(), "mhsmattest: not a URI of this provider: a stream; ");
}

TEST(property_queries_never_give_an_unattested_key) {
    const Folder folder;
    const Application application(real_parameters());
    const auto uri = "mhsm://" + folder.write("a.json", restored_evidence());
    struct Row {
        const char *properties;
        bool found;
    };
    for (const auto &row : {Row{"?provider=default", true}, Row{"?provider=mhsmattest", true},
                            Row{"provider=mhsmattest", true}, Row{"?fips=yes", true}, Row{"provider=default", false},
                            Row{"fips=yes", false}, Row{"provider!=mhsmattest", false}}) {
        const Context where(row.properties);
        const StorePtr store(OSSL_STORE_open_ex(uri.c_str(), application.context(), row.properties, nullptr, nullptr,
                                                nullptr, nullptr, nullptr));
        EvpPkeyPtr key;
        while (store && !key && OSSL_STORE_eof(store.get()) == 0) {
            const InfoPtr info(OSSL_STORE_load(store.get()));
            if (info) key.reset(OSSL_STORE_INFO_get1_PUBKEY(info.get()));
        }
        CHECK_EQ(key != nullptr, row.found);
        if (key) check_still_attested(key.get());
        static_cast<void>(drain_errors());
    }
}

}  // namespace
