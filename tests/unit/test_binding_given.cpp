// A request, certificate or public key in hand must hold the attested key.
#include "core/binding.h"
#include "keys.h"
#include "outcomes.h"
#include "pki.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

constexpr const char *own = "rsa-2048";
constexpr const char *other = "rsa-2048-2";

Outcome given(GivenKind kind, ByteView bytes, const char *attested = own) {
    return bind_given(nullptr, kind, bytes, attested != nullptr ? forge::test_key(attested) : nullptr);
}
Outcome given(GivenKind kind, std::string_view text, const char *attested = own) {
    return given(kind, as_bytes(text), attested);
}

Bytes certificate_over(const char *key) {
    auto description = forge::self_signed_root("test", key);
    return forge::issue(description);
}

std::string block(const char *label, const Bytes &der) { return pem(label, der); }

}  // namespace

TEST(requests_of_the_attested_key) {
    const auto der = forge::request(own);
    CHECK_PASSES(given(GivenKind::csr, der));
    CHECK_EQ(given(GivenKind::csr, der).subject, "certificate request");
    CHECK_EQ(given(GivenKind::csr, der).detail, "holds the attested key");
    CHECK_PASSES(given(GivenKind::csr, block("CERTIFICATE REQUEST", der)));
    CHECK_PASSES(given(GivenKind::csr, block("NEW CERTIFICATE REQUEST", der)));
    CHECK_PASSES(given(GivenKind::csr, "text before\n" + block("CERTIFICATE REQUEST", der)));
}

TEST(requests_of_other_keys_or_with_broken_signatures) {
    const auto subject = "certificate request";
    CHECK_FAILS(given(GivenKind::csr, forge::request(other)), Reason::given_differs, subject, "");
    CHECK_FAILS(given(GivenKind::csr, forge::request(own, true)), Reason::given_bad_signature, subject, "");
    CHECK_FAILS(given(GivenKind::csr, forge::request(own), nullptr), Reason::given_symmetric, subject, "");
    const std::string ec(forge::embedded_pem("p-256.csr"));
    CHECK_PASSES(given(GivenKind::csr, ec, "p-256"));
    CHECK_FAILS(given(GivenKind::csr, ec, "p-256-2"), Reason::given_differs, subject, "");
    CHECK_FAILS(given(GivenKind::csr, ec), Reason::given_differs, subject, "");
}

TEST(certificates) {
    const auto der = certificate_over(own);
    CHECK_PASSES(given(GivenKind::certificate, der));
    CHECK_PASSES(given(GivenKind::certificate, block("CERTIFICATE", der)));
    CHECK_PASSES(
        given(GivenKind::certificate, block("CERTIFICATE", der) + block("CERTIFICATE", certificate_over(other))));
    CHECK_FAILS(given(GivenKind::certificate, certificate_over(other)), Reason::given_differs, "certificate", "");
    CHECK_FAILS(given(GivenKind::certificate, der, nullptr), Reason::given_symmetric, "certificate", "");
}

TEST(public_keys) {
    const auto der = forge::public_key_info(own);
    CHECK_PASSES(given(GivenKind::public_key, der));
    CHECK_PASSES(given(GivenKind::public_key, block("PUBLIC KEY", der)));
    CHECK_FAILS(given(GivenKind::public_key, forge::public_key_info(other)), Reason::given_differs, "public key", "");
    CHECK_FAILS(given(GivenKind::public_key, forge::public_key_info("p-256")), Reason::given_differs, "public key", "");
    CHECK_PASSES(given(GivenKind::public_key, forge::public_key_info("p-521"), "p-521"));
    CHECK_FAILS(given(GivenKind::public_key, der, nullptr), Reason::given_symmetric, "public key", "");
    auto longer = der;
    longer.push_back(0);
    CHECK_FAILS(given(GivenKind::public_key, longer), Reason::given_unreadable, "public key", "");
}

TEST(what_is_something_else_is_unreadable) {
    const auto request = forge::request(own);
    const auto certificate = certificate_over(own);
    const auto public_key = forge::public_key_info(own);
    const auto unreadable = Reason::given_unreadable;
    for (const auto &der : {certificate, public_key})
        CHECK_FAILS(given(GivenKind::csr, der), unreadable, "certificate request", "");
    for (const auto &der : {request, public_key})
        CHECK_FAILS(given(GivenKind::certificate, der), unreadable, "certificate", "");
    for (const auto &der : {request, certificate})
        CHECK_FAILS(given(GivenKind::public_key, der), unreadable, "public key", "");
    CHECK_FAILS(given(GivenKind::csr, block("CERTIFICATE", certificate)), unreadable, "certificate request", "");
    CHECK_FAILS(given(GivenKind::public_key, forge::embedded_pem(own)), unreadable, "public key", "");  // a private key
}

TEST(rubbish_is_unreadable_and_leaves_no_error_behind) {
    ERR_clear_error();
    for (const auto kind : {GivenKind::csr, GivenKind::certificate, GivenKind::public_key}) {
        CHECK_EQ(given(kind, ByteView{}).reason, Reason::given_unreadable);
        CHECK_EQ(given(kind, "rubbish").reason, Reason::given_unreadable);
        CHECK_EQ(given(kind, Bytes(100, 0x30)).reason, Reason::given_unreadable);
    }
    CHECK_EQ(ERR_peek_error(), 0UL);
}

TEST(der_must_be_exact) {
    auto request = forge::request(own);
    auto certificate = certificate_over(own);
    for (auto *der : {&request, &certificate}) der->push_back(0);
    CHECK_EQ(given(GivenKind::csr, request).reason, Reason::given_unreadable);
    CHECK_EQ(given(GivenKind::certificate, certificate).reason, Reason::given_unreadable);
    for (auto *der : {&request, &certificate}) der->resize(der->size() - 2);
    CHECK_EQ(given(GivenKind::csr, request).reason, Reason::given_unreadable);
    CHECK_EQ(given(GivenKind::certificate, certificate).reason, Reason::given_unreadable);
}
