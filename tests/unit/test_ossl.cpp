// RAII handles and small helpers around libcrypto.
#include <openssl/pem.h>
#include <openssl/provider.h>

#include "core/ossl.h"
#include "outcomes.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

Bytes bytes(std::initializer_list<int> values) {
    Bytes made;
    for (const int value : values) made.push_back(static_cast<std::uint8_t>(value));
    return made;
}

}  // namespace

TEST(sha256_of_known_texts) {
    CHECK_EQ(hex(*sha256(nullptr, {})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK_EQ(hex(*sha256(nullptr, as_bytes("abc"))),
             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(sha256_needs_a_context_that_offers_it) {
    const std::unique_ptr<OSSL_LIB_CTX, Deleter<OSSL_LIB_CTX_free>> empty(OSSL_LIB_CTX_new());
    const std::unique_ptr<OSSL_PROVIDER, Deleter<OSSL_PROVIDER_unload>> null(OSSL_PROVIDER_load(empty.get(), "null"));
    CHECK(null != nullptr);
    const ErrorScope errors;
    CHECK(!sha256(empty.get(), as_bytes("abc")).has_value());
}

TEST(error_scope_drops_only_its_own_errors) {
    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 1);
    {
        const ErrorScope scope;
        ERR_raise(ERR_LIB_USER, 2);
        CHECK_EQ(ERR_GET_REASON(ERR_peek_last_error()), 2);
        const ErrorScope inner;
        ERR_raise(ERR_LIB_USER, 3);
    }
    CHECK_EQ(ERR_GET_REASON(ERR_peek_last_error()), 1);
    ERR_get_error();
    CHECK_EQ(ERR_peek_error(), 0UL);
}

TEST(certificate_round_trip) {
    const auto &der = sample_parts().ders.at(0);
    const auto certificate = parse_certificate(nullptr, der);
    CHECK(certificate != nullptr);
    CHECK(certificate_der(certificate.get()) == der);
}

TEST(certificate_is_exactly_the_bytes_given) {
    const ErrorScope errors;
    auto der = sample_parts().ders.at(0);
    der.push_back(0);
    CHECK(parse_certificate(nullptr, der) == nullptr);
    der.resize(der.size() - 2);
    CHECK(parse_certificate(nullptr, der) == nullptr);
    CHECK(parse_certificate(nullptr, {}) == nullptr);
    CHECK(parse_certificate(nullptr, as_bytes("-----BEGIN CERTIFICATE-----")) == nullptr);
}

TEST(public_key_der_is_a_subject_public_key_info) {
    const auto certificate = parse_certificate(nullptr, sample_parts().ders.at(0));
    const auto der = public_key_der(X509_get0_pubkey(certificate.get()));
    const unsigned char *cursor = der.data();
    const EvpPkeyPtr again(d2i_PUBKEY(nullptr, &cursor, static_cast<long>(der.size())));
    CHECK(again != nullptr);
    CHECK_EQ(EVP_PKEY_eq(again.get(), X509_get0_pubkey(certificate.get())), 1);
}

TEST(memory_bio_reads_what_it_was_given) {
    const auto bio = memory_bio(as_bytes("abc"));
    char text[8] = {};
    CHECK_EQ(BIO_read(bio.get(), text, sizeof text), 3);
    CHECK_EQ(std::string_view(text), "abc");
    CHECK(BIO_read(bio.get(), text, sizeof text) <= 0);
}

TEST(same_number_ignores_leading_zeros_only) {
    CHECK(same_number(bytes({0, 0, 1, 2}), bytes({1, 2})));
    CHECK(same_number(bytes({0}), {}));
    CHECK(same_number({}, {}));
    CHECK(!same_number(bytes({1, 0}), bytes({1})));
    CHECK(!same_number(bytes({1, 2}), bytes({1, 3})));
    CHECK(!same_number(bytes({1}), {}));
}

TEST(number_bits_counts_from_the_first_set_bit) {
    CHECK_EQ(number_bits({}), 0);
    CHECK_EQ(number_bits(bytes({0, 0})), 0);
    CHECK_EQ(number_bits(bytes({1})), 1);
    CHECK_EQ(number_bits(bytes({0x80})), 8);
    CHECK_EQ(number_bits(bytes({0, 1, 0, 1})), 17);
    CHECK_EQ(number_bits(Bytes(256, 0xff)), 2048);
    CHECK_EQ(number_bits(bytes({0x7f, 0xff})), 15);
}

TEST(hex_is_lower_case) {
    CHECK_EQ(hex({}), "");
    CHECK_EQ(hex(bytes({0x00, 0x0f, 0xa0, 0xff})), "000fa0ff");
}
