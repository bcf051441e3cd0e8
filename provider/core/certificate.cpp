#include "certificate.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace mhsm {
namespace {

constexpr std::size_t max_certificates = 16;

using PemText = std::unique_ptr<char, Deleter<[](void *p) { OPENSSL_free(p); }>>;
using PemData = std::unique_ptr<unsigned char, Deleter<[](void *p) { OPENSSL_free(p); }>>;

Failure malformed(std::size_t number, std::string detail) {
    return {Reason::certs_malformed, "certificate " + std::to_string(number), std::move(detail)};
}

std::size_t count_blocks(std::string_view pem) {
    constexpr std::string_view begin = "-----BEGIN";
    std::size_t count = 0;
    for (auto at = pem.find(begin); at != std::string_view::npos; at = pem.find(begin, at + begin.size())) ++count;
    return count;
}

Result<X509Ptr> read_block(OSSL_LIB_CTX *libctx, BIO *bio, std::size_t number) {
    char *name = nullptr;
    char *header = nullptr;
    unsigned char *data = nullptr;
    long size = 0;
    if (PEM_read_bio(bio, &name, &header, &data, &size) != 1) return malformed(number, "broken PEM");
    const PemText own_name(name);
    const PemText own_header(header);
    const PemData own_data(data);
    if (std::string_view(name) != PEM_STRING_X509) return malformed(number, std::string("found PEM of ") + name);
    auto certificate = parse_certificate(libctx, {data, static_cast<std::size_t>(size)});
    if (!certificate) return malformed(number, "not an X.509 certificate");
    return certificate;
}

std::string print_name(const X509_NAME *name) {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) < 0) {
        throw_if_out_of_memory();
        return {};
    }
    char *text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string{};
}

std::int64_t unix_seconds(const ASN1_TIME *time) {
    const std::unique_ptr<ASN1_TIME, Deleter<ASN1_TIME_free>> epoch(ASN1_TIME_set(nullptr, 0));
    int days = 0;
    int seconds = 0;
    if (!epoch || ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1) {
        throw_if_out_of_memory();
        return 0;
    }
    return std::int64_t{days} * 86400 + seconds;
}

Outcome check_may_issue(X509 *issuer, IssuerRule rule) {
    const auto flags = X509_get_extension_flags(issuer);
    if (rule == IssuerRule::trust_anchor) return Outcome::pass();
    if (rule == IssuerRule::version1_may_issue && X509_get_version(issuer) == X509_VERSION_1 &&
        X509_get_ext_count(issuer) == 0)
        return Outcome::pass();
    if ((flags & EXFLAG_CRITICAL) != 0) return Outcome::fail(Reason::critical_extension, display_name(issuer), "");
    if (!is_ca(issuer)) return Outcome::fail(Reason::not_a_ca, display_name(issuer), "no basicConstraints CA:TRUE");
    const bool key_usage_stated = (flags & EXFLAG_KUSAGE) != 0;
    const bool may_sign = (X509_get_key_usage(issuer) & KU_KEY_CERT_SIGN) != 0;
    if (!may_sign || (rule == IssuerRule::must_state_ca && !key_usage_stated))
        return Outcome::fail(Reason::not_a_ca, display_name(issuer), "keyUsage without keyCertSign");
    return Outcome::pass();
}

// Bits of security that SHA-256, RSA-2048 and P-256 stand for (NIST SP 800-57 part 1).
constexpr int digest_strength = 128;
constexpr int rsa_2048_strength = 112;
constexpr int p_256_strength = 128;

bool is_weak(const EVP_PKEY *key) {
    const int enough = EVP_PKEY_is_a(key, "EC") == 1 ? p_256_strength : rsa_2048_strength;
    return EVP_PKEY_get_security_bits(key) < enough;
}

// Limits on the names below an issuer, which libcrypto heeds only in chains that it builds itself.
bool permits_name(X509 *issuer, X509 *subject) {
    if (X509_get_ext_by_NID(issuer, NID_name_constraints, -1) < 0) return true;
    const std::unique_ptr<NAME_CONSTRAINTS, Deleter<NAME_CONSTRAINTS_free>> constraints(
        static_cast<NAME_CONSTRAINTS *>(X509_get_ext_d2i(issuer, NID_name_constraints, nullptr, nullptr)));
    return constraints && NAME_CONSTRAINTS_check(subject, constraints.get()) == X509_V_OK;
}

Outcome judge_issued_by(X509 *subject, X509 *issuer, IssuerRule rule) {
    const auto name = display_name(subject);
    if ((X509_get_extension_flags(subject) & EXFLAG_CRITICAL) != 0)
        return Outcome::fail(Reason::critical_extension, name, "");
    auto may_issue = check_may_issue(issuer, rule);
    if (!may_issue.passed()) return may_issue;
    if (rule != IssuerRule::trust_anchor && !same_certificate(subject, issuer) && !permits_name(issuer, subject))
        return Outcome::fail(Reason::not_a_ca, display_name(issuer), "its name constraints exclude " + name);
    const int issued = X509_check_issued(issuer, subject);
    if (issued != X509_V_OK) return Outcome::fail(Reason::bad_signature, name, X509_verify_cert_error_string(issued));

    int bits = 0;
    int digest = NID_undef;
    if (X509_get_signature_info(subject, &digest, nullptr, &bits, nullptr) != 1 || bits < digest_strength)
        return Outcome::fail(Reason::weak_digest, name, digest == NID_undef ? "" : OBJ_nid2sn(digest));
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    if (key == nullptr || is_weak(key)) return Outcome::fail(Reason::weak_issuer_key, display_name(issuer), "");
    if (const int size = exponent_bits(key); size > ordinary_exponent_bits)
        return Outcome::fail(Reason::weak_issuer_key, display_name(issuer),
                             "public exponent of " + std::to_string(size) + " bits");
    if (X509_verify(subject, key) != 1)
        return Outcome::fail(Reason::bad_signature, name, "issuer " + display_name(issuer));
    return Outcome::pass(name);
}

}  // namespace

Result<std::vector<X509Ptr>> parse_bundle(OSSL_LIB_CTX *libctx, ByteView pem) {
    const auto blocks = count_blocks(as_text(pem));
    if (blocks == 0) return Failure{Reason::certs_none, "certificatePemFile", ""};
    if (blocks > max_certificates)
        return Failure{Reason::certs_too_many, "certificatePemFile",
                       "expected at most " + std::to_string(max_certificates) + ", found " + std::to_string(blocks)};
    const auto bio = memory_bio(pem);
    std::vector<X509Ptr> bundle;
    bundle.reserve(blocks);
    for (std::size_t number = 1; number <= blocks; ++number) {
        auto certificate = read_block(libctx, bio.get(), number);
        if (!certificate) return certificate.failure();
        bundle.push_back(std::move(*certificate));
    }
    // X509_cmp orders by digest and bytes, so the order in which they came leaves no trace.
    const auto before = [](const X509Ptr &a, const X509Ptr &b) { return X509_cmp(a.get(), b.get()) < 0; };
    const auto same = [](const X509Ptr &a, const X509Ptr &b) { return X509_cmp(a.get(), b.get()) == 0; };
    std::sort(bundle.begin(), bundle.end(), before);
    bundle.erase(std::unique(bundle.begin(), bundle.end(), same), bundle.end());
    return bundle;
}

Outcome check_issued_by(X509 *subject, X509 *issuer, IssuerRule rule) {
    const ErrorScope errors;  // for each certificate, so that many bad ones cannot flood the caller's queue
    auto outcome = judge_issued_by(subject, issuer, rule);
    // What could not be judged for lack of memory must not count as refused: a second pool root would go unseen.
    if (!outcome.passed() && errors.out_of_memory()) throw std::bad_alloc();
    return outcome;
}

bool same_certificate(X509 *a, X509 *b) { return X509_cmp(a, b) == 0; }

bool same_public_key(X509 *a, X509 *b) {
    const auto *first = X509_get0_pubkey(a);
    const auto *second = X509_get0_pubkey(b);
    return first != nullptr && second != nullptr && EVP_PKEY_eq(first, second) == 1;
}

bool names_issuer(X509 *subject, X509 *issuer) {
    return X509_NAME_cmp(X509_get_issuer_name(subject), X509_get_subject_name(issuer)) == 0;
}

bool is_self_issued(X509 *certificate) { return names_issuer(certificate, certificate); }

bool is_ca(X509 *certificate) {
    const auto flags = X509_get_extension_flags(certificate);
    return (flags & EXFLAG_INVALID) == 0 && (flags & EXFLAG_BCONS) != 0 && (flags & EXFLAG_CA) != 0;
}

std::string subject_attribute(X509 *certificate, int nid) {
    const X509_NAME *name = X509_get_subject_name(certificate);
    const int first = X509_NAME_get_index_by_NID(name, nid, -1);
    if (first < 0 || X509_NAME_get_index_by_NID(name, nid, first) >= 0) return {};
    unsigned char *utf8 = nullptr;
    const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, first)));
    const PemData owner(utf8);
    if (size < 0) throw_if_out_of_memory();
    return size > 0 ? std::string(utf8, utf8 + size) : std::string{};
}

std::string display_name(X509 *certificate) {
    auto name = subject_attribute(certificate, NID_commonName);
    return name.empty() ? subject_name(certificate) : name;
}

std::string subject_name(X509 *certificate) { return print_name(X509_get_subject_name(certificate)); }
std::string issuer_name(X509 *certificate) { return print_name(X509_get_issuer_name(certificate)); }

std::string fingerprint(OSSL_LIB_CTX *libctx, X509 *certificate) {
    const auto digest = sha256(libctx, certificate_der(certificate));
    return digest ? hex(*digest) : std::string{};
}

std::int64_t not_before(X509 *certificate) { return unix_seconds(X509_get0_notBefore(certificate)); }
std::int64_t not_after(X509 *certificate) { return unix_seconds(X509_get0_notAfter(certificate)); }

std::string utc_time(std::int64_t seconds) {
    using namespace std::chrono;
    // Years 0 to 9999, as ASN.1 can write them; what lies outside has no date to be shown.
    constexpr std::int64_t first = -62167219200, last = 253402300799;
    const sys_seconds time{std::chrono::seconds{std::clamp(seconds, first, last)}};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    char text[64];
    static_cast<void>(std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", int{date.year()},
                                    unsigned{date.month()}, unsigned{date.day()},
                                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                                    static_cast<int>(clock.seconds().count())));
    return text;
}

}  // namespace mhsm
