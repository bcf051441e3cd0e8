#include "binding.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>

#include "base64url.h"
#include "certificate.h"
#include "text.h"

namespace mhsm {
namespace {

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

bool is_name(std::string_view text) {
    constexpr std::size_t max_name = 127;
    return !text.empty() && text.size() <= max_name && std::ranges::all_of(text, is_name_character);
}

bool is_host(std::string_view text) {
    constexpr std::size_t max_host = 260;
    const auto colon = text.find(':');
    const auto port = colon == std::string_view::npos ? std::string_view("443") : text.substr(colon + 1);
    const auto name = text.substr(0, colon);
    const bool good_port =
        !port.empty() && port.size() <= 5 && std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
    const bool good_labels =
        !name.empty() && name.front() != '.' && name.back() != '.' && name.find("..") == std::string_view::npos;
    return text.size() <= max_host && good_port && good_labels &&
           std::ranges::all_of(name, [](char c) { return is_name_character(c) || c == '.'; });
}

// Splits off everything before the next '/', which is removed too.
std::string_view next_segment(std::string_view &path) {
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(segment.size() + 1, path.size()));
    return segment;
}

// What CKA_ID holds: /keys/<name>/<version>.
bool is_key_path(std::string_view path) {
    constexpr std::string_view folder = "/keys/";
    if (!path.starts_with(folder)) return false;
    path.remove_prefix(folder.size());
    const auto name = next_segment(path);
    return is_name(name) && is_name(path);
}

std::string expected_found(std::string_view expected, std::string_view found) {
    return "expected " + std::string(expected) + ", found " + std::string(found);
}

Outcome missing_or_bare(const Evidence &evidence, bool required, Reason reason) {
    if (evidence.bare && !required) return Outcome::not_needed(Reason::bare_attestation);
    return Outcome::fail(reason, "key", "");
}

// Numbers may be written with leading zeros; everything else is compared byte for byte.
bool same_value(std::uint32_t type, ByteView a, ByteView b) {
    const bool number = type == cka::MODULUS || type == cka::MODULUS_BITS || type == cka::PUBLIC_EXPONENT;
    return number ? same_number(a, b) : std::ranges::equal(a, b);
}

Outcome compare_value(const BlobObject &a, const BlobObject &b, std::uint32_t type, bool required) {
    const auto first = find_value(a, type);
    const auto second = find_value(b, type);
    if (required && (!first || !second))
        return Outcome::fail(Reason::pair_attribute_absent, attribute_name(type),
                             first || second ? "absent in one of the two" : "absent in both");
    if (first && second && !same_value(type, *first, *second))
        return Outcome::fail(Reason::pair_differs, attribute_name(type), "");
    return Outcome::pass();
}

// The identity that every object of one key states.
Outcome compare_identity(const BlobObject &a, const BlobObject &b) {
    struct Item {
        std::uint32_t type;
        bool required;
    };
    for (const Item &item :
         {Item{cka::ID, true}, Item{cka::KEY_TYPE, true}, Item{cka::MODULUS, true}, Item{cka::MODULUS_BITS, true},
          Item{cka::PUBLIC_EXPONENT, false}, Item{cka::CHECK_VALUE, true}, Item{cka::EXTENDED_CHECK_VALUE, false}}) {
        auto outcome = compare_value(a, b, item.type, item.required);
        if (!outcome.passed()) return outcome;
    }
    return Outcome::pass();
}

bool same_class(const BlobObject &a, const BlobObject &b) {
    const auto first = read_number(a, cka::CLASS);
    const auto second = read_number(b, cka::CLASS);
    return first && second && *first == *second;
}

// A second copy of a judged object must say the same throughout, or it could say that the key may leave.
Outcome compare_all(const BlobObject &judged, const BlobObject &copy) {
    for (const auto *object : {&judged, &copy}) {
        for (const auto &attribute : object->attributes) {
            const auto first = find_value(judged, attribute.type);
            const auto second = find_value(copy, attribute.type);
            if (first.has_value() != second.has_value() || (first && !std::ranges::equal(*first, *second)))
                return Outcome::fail(Reason::pair_differs, attribute_name(attribute.type), "in a second copy");
        }
    }
    return Outcome::pass();
}

Outcome compare_member(const std::optional<std::string> &member, const char *name, ByteView attested) {
    const std::string subject = std::string("key.") + name;
    if (!member) return Outcome::fail(Reason::jwk_missing_member, subject, "");
    const auto decoded = base64url_decode(*member);
    if (!decoded) return Outcome::fail(Reason::jwk_bad_encoding, subject, decoded.failure().detail);
    if (!same_number(*decoded, attested)) return Outcome::fail(Reason::jwk_differs, subject, "");
    return Outcome::pass();
}

Outcome compare_rsa(const JsonWebKey &jwk, const KeyObject &key, const std::optional<ByteView> &exponent) {
    auto outcome = compare_member(jwk.n, "n", key.material);
    if (!outcome.passed()) return outcome;
    return compare_member(jwk.e, "e", exponent.value_or(ByteView{}));
}

Outcome compare_ec(const JsonWebKey &jwk, const KeyObject &key) {
    if (!jwk.crv) return Outcome::fail(Reason::jwk_missing_member, "key.crv", "");
    if (*jwk.crv != key.curve->name)
        return Outcome::fail(Reason::jwk_differs, "key.crv", expected_found(key.curve->name, *jwk.crv));
    auto outcome = compare_member(jwk.x, "x", key.material.subspan(1, key.curve->field_bytes));
    if (!outcome.passed()) return outcome;
    return compare_member(jwk.y, "y", key.material.last(key.curve->field_bytes));
}

// Reads PEM, or else exactly one DER object, into an object bound to `libctx`, which libcrypto's readers need
// to be given; they free it, and null it, if they fail half-way.
template <class Handle, class New, class ReadPem, class ReadDer>
Handle read_pem_or_der(ByteView given, New make, ReadPem read_pem, ReadDer read_der) {
    const auto attempt = [&make](auto read) {
        Handle handle(make());
        auto *target = handle.get();
        const bool ok = target != nullptr && read(&target);
        if (target == nullptr) static_cast<void>(handle.release());
        if (!ok) handle.reset();
        return handle;
    };
    const auto bio = memory_bio(given);
    if (auto handle =
            attempt([&](auto target) { return read_pem(bio.get(), target, nullptr, nullptr) != nullptr; }))
        return handle;
    return attempt([&](auto target) {
        const unsigned char *cursor = given.data();
        return read_der(target, &cursor, static_cast<long>(given.size())) != nullptr &&
               cursor == given.data() + given.size();
    });
}

EvpPkeyPtr key_of_csr(OSSL_LIB_CTX *libctx, ByteView given, bool &self_signed) {
    const auto request = read_pem_or_der<X509ReqPtr>(
        given, [&] { return X509_REQ_new_ex(libctx, nullptr); }, PEM_read_bio_X509_REQ, d2i_X509_REQ);
    EvpPkeyPtr key(request ? X509_REQ_get_pubkey(request.get()) : nullptr);
    self_signed = key && X509_REQ_verify_ex(request.get(), key.get(), libctx, nullptr) == 1;
    return key;
}

EvpPkeyPtr key_of_certificate(OSSL_LIB_CTX *libctx, ByteView given) {
    const auto certificate = read_pem_or_der<X509Ptr>(
        given, [&] { return X509_new_ex(libctx, nullptr); }, PEM_read_bio_X509, d2i_X509);
    return EvpPkeyPtr(certificate ? X509_get_pubkey(certificate.get()) : nullptr);
}

EvpPkeyPtr key_of_public_key(OSSL_LIB_CTX *libctx, ByteView given) {
    const auto bio = memory_bio(given);
    EvpPkeyPtr key(PEM_read_bio_PUBKEY_ex(bio.get(), nullptr, nullptr, nullptr, libctx, nullptr));
    if (key) return key;
    const unsigned char *cursor = given.data();
    key.reset(d2i_PUBKEY_ex(nullptr, &cursor, static_cast<long>(given.size()), libctx, nullptr));
    return cursor == given.data() + given.size() ? std::move(key) : nullptr;
}

}  // namespace

Result<KeyUrl> parse_key_url(std::string_view url, bool version_optional) {
    const auto malformed = [url] {
        return Failure{Reason::kid_malformed, "key.kid", "found " + std::string(url.substr(0, 300))};
    };
    constexpr std::string_view scheme = "https://";
    if (lower_case(url.substr(0, scheme.size())) != scheme) return malformed();
    auto path = url.substr(scheme.size());
    const auto host = next_segment(path);
    const auto keys = next_segment(path);
    const auto name = next_segment(path);
    const auto version = path;
    const bool version_good = is_name(version) || (version.empty() && version_optional);
    if (!is_host(host) || keys != "keys" || !is_name(name) || !version_good) return malformed();
    KeyUrl parsed{lower_case(host), {}, std::string(name), std::string(version)};
    parsed.pool = parsed.host.substr(0, parsed.host.find_first_of(".:"));
    return parsed;
}

Result<KeyUrl> parse_request_url(std::string_view url) {
    constexpr std::string_view scheme = "mhsm://";
    constexpr std::string_view implied_port = ":443";
    const bool other_scheme = lower_case(url.substr(0, scheme.size())) == scheme;
    auto parsed =
        parse_key_url(other_scheme ? "https://" + std::string(url.substr(scheme.size())) : std::string(url), true);
    if (!parsed) return Failure{Reason::kid_malformed, "", "found " + std::string(url.substr(0, 300))};
    if (parsed->host.ends_with(implied_port)) parsed->host.resize(parsed->host.size() - implied_port.size());
    return parsed;
}

Result<std::string> read_key_id(const KeyObject &key) {
    const auto value = find_value(*key.object, cka::ID);
    if (!value) return Failure{Reason::key_id_malformed, "CKA_ID", "absent"};
    const auto text = as_text(*value);
    const auto id = text.substr(0, text.find('\0'));
    if (!all_zero(value->subspan(id.size())))
        return Failure{Reason::key_id_malformed, "CKA_ID", "bytes after its NUL: " + trim_and_escape(*value)};
    return std::string(id);
}

Outcome bind_pair(const KeyObject &private_key, const KeyObject &public_key, const Blob &private_blob,
                  const Blob &public_blob) {
    for (const auto *blob : {&private_blob, &public_blob}) {
        for (const auto &object : blob->objects) {
            if (&object == private_key.object) continue;
            auto outcome = compare_identity(*private_key.object, object);
            for (const auto *judged : {private_key.object, public_key.object})
                if (outcome.passed() && judged != &object && same_class(*judged, object))
                    outcome = compare_all(*judged, object);
            if (!outcome.passed()) return outcome;
        }
    }
    return Outcome::pass("",
                         std::string(key_type_name(public_key.type)) + ", CKA_ID, key material and check value agree");
}

Outcome bind_jwk(const Evidence &evidence, const KeyObject &key, const std::optional<ByteView> &exponent) {
    if (!evidence.key) return missing_or_bare(evidence, false, Reason::jwk_missing_member);
    const auto &jwk = *evidence.key;
    if (!jwk.kty) return Outcome::fail(Reason::jwk_missing_member, "key.kty", "");
    if (jwk.has_secret) return Outcome::fail(Reason::jwk_unexpected_member, "key", "private or secret key material");
    if (key.type == KeyType::aes) {
        if (jwk.has_rsa || jwk.has_ec)
            return Outcome::fail(Reason::jwk_unexpected_member, "key", "public key material");
        return Outcome::pass("key", "symmetric: nothing contradicts");
    }
    if (key.type == KeyType::rsa ? jwk.has_ec : jwk.has_rsa)
        return Outcome::fail(Reason::jwk_unexpected_member, "key", "key material of another key type");
    auto outcome = key.type == KeyType::rsa ? compare_rsa(jwk, key, exponent) : compare_ec(jwk, key);
    return outcome.passed() ? Outcome::pass("key", "the attested key") : outcome;
}

Outcome bind_kid(const Evidence &evidence, const KeyObject &key, bool required) {
    const bool nameless = !evidence.key || !evidence.key->kid;
    const auto id = read_key_id(key);
    // Without a URL to compare with, what the HSM signed must at least be a name.
    if (nameless && evidence.bare && !required && !id) return Outcome::fail(id.failure());
    if (nameless && evidence.bare && !required && !is_key_path(*id))
        return Outcome::fail(Reason::key_id_malformed, "CKA_ID",
                             expected_found("/keys/<name>/<version>", escape_text(*id)));
    if (nameless) return missing_or_bare(evidence, required, Reason::kid_missing);
    const auto url = parse_key_url(*evidence.key->kid);
    if (!url) return Outcome::fail(url.failure());
    if (!id) return Outcome::fail(id.failure());
    const auto path = "/keys/" + url->name + "/" + url->version;
    if (*id != path)
        return Outcome::fail(Reason::kid_differs, "key.kid",
                             "the HSM signed " + escape_text(*id) + ", key.kid says " + path);
    return Outcome::pass("key.kid", path);
}

Outcome bind_pool(const Evidence &evidence, std::string_view pool_root_name, bool required) {
    const bool nameless = !evidence.key || !evidence.key->kid;
    if (nameless && evidence.bare && !required && !is_name(pool_root_name))
        return Outcome::fail(Reason::pool_differs, "certificatePemFile",
                             expected_found("a pool root with the name of a pool", escape_text(pool_root_name)));
    if (nameless) return missing_or_bare(evidence, required, Reason::kid_missing);
    const auto url = parse_key_url(*evidence.key->kid);
    if (!url) return Outcome::blocked("key.kid is not a key URL");
    if (url->pool != lower_case(pool_root_name))
        return Outcome::fail(Reason::pool_differs, "key.kid",
                             "the pool root is that of " + escape_text(pool_root_name) + ", key.kid says " + url->pool);
    return Outcome::pass("key.kid", url->pool);
}

Outcome bind_request(const Evidence &evidence, const std::optional<KeyUrl> &request) {
    if (!request) return Outcome::not_needed(Reason::not_asked);
    if (!evidence.key || !evidence.key->kid) return Outcome::fail(Reason::kid_missing, "key", "");
    const auto url = parse_key_url(*evidence.key->kid);
    if (!url) return Outcome::blocked("key.kid is not a key URL");
    const auto asked = request->host + "/keys/" + request->name + "/" + request->version;
    const auto answered = url->host + "/keys/" + url->name + "/" + url->version;
    const bool same_version = request->version.empty() || request->version == url->version;
    // Key names are case-insensitive in the service; the answer spells them as the key was created.
    if (request->host != url->host || lower_case(request->name) != lower_case(url->name) || !same_version)
        return Outcome::fail(Reason::request_differs, "key.kid", "asked for " + asked + ", answered " + answered);
    return Outcome::pass("key.kid", answered);
}

Outcome bind_given(OSSL_LIB_CTX *libctx, GivenKind kind, ByteView given, const EVP_PKEY *attested) {
    const ErrorScope errors;
    const std::string subject = kind == GivenKind::csr           ? "certificate request"
                                : kind == GivenKind::certificate ? "certificate"
                                                                 : "public key";
    bool self_signed = true;
    const auto key = kind == GivenKind::csr           ? key_of_csr(libctx, given, self_signed)
                     : kind == GivenKind::certificate ? key_of_certificate(libctx, given)
                                                      : key_of_public_key(libctx, given);
    if (!key) return Outcome::fail(Reason::given_unreadable, subject, "");
    if (attested == nullptr) return Outcome::fail(Reason::given_symmetric, subject, "");
    if (!self_signed) return Outcome::fail(Reason::given_bad_signature, subject, "");
    if (EVP_PKEY_eq(key.get(), attested) != 1) return Outcome::fail(Reason::given_differs, subject, "");
    return Outcome::pass(subject, "holds the attested key");
}

}  // namespace mhsm
