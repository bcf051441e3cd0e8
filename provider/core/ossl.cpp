#include "ossl.h"

#include <openssl/core_names.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <new>

namespace mhsm {

namespace {
bool is_malloc_failure(unsigned long error) { return ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE; }
}  // namespace

bool ErrorScope::out_of_memory() const {
    return is_malloc_failure(ERR_peek_last_error()) || (was_empty_ && is_malloc_failure(ERR_peek_error()));
}

void throw_if_out_of_memory() {
    if (is_malloc_failure(ERR_peek_last_error())) throw std::bad_alloc();
}

std::optional<Sha256> sha256(OSSL_LIB_CTX *libctx, ByteView data) {
    const auto algorithm = fetch_sha256(libctx);
    return sha256_with(algorithm.get(), data);
}

std::optional<Sha256> sha256_with(const EVP_MD *algorithm, ByteView data) {
    const ErrorScope errors;
    Sha256 digest{};
    unsigned int size = 0;
    if (algorithm == nullptr || EVP_MD_get_size(algorithm) != static_cast<int>(digest.size()) ||
        EVP_Digest(data.data(), data.size(), digest.data(), &size, algorithm, nullptr) != 1 || size != digest.size()) {
        if (errors.out_of_memory()) throw std::bad_alloc();
        return std::nullopt;
    }
    return digest;
}

EvpMdPtr fetch_sha256(OSSL_LIB_CTX *libctx) {
    const ErrorScope errors;
    EvpMdPtr algorithm(EVP_MD_fetch(libctx, "SHA256", nullptr));
    if (!algorithm && errors.out_of_memory()) throw std::bad_alloc();
    return algorithm;
}

namespace {

X509Ptr parse_once(OSSL_LIB_CTX *libctx, ByteView der) {
    if (der.size() > std::numeric_limits<int>::max()) return nullptr;
    X509Ptr certificate(X509_new_ex(libctx, nullptr));
    if (!certificate) return nullptr;
    X509 *target = certificate.get();
    const unsigned char *cursor = der.data();
    if (d2i_X509(&target, &cursor, static_cast<long>(der.size())) == nullptr) {
        // d2i_X509 frees and nulls the object it was given when it fails.
        if (target == nullptr) static_cast<void>(certificate.release());
        return nullptr;
    }
    if (cursor != der.data() + der.size()) return nullptr;
    return certificate;
}

bool has_key(X509 *certificate) {
    const auto *key = X509_get0_pubkey(certificate);
    return key != nullptr && EVP_PKEY_get_bits(key) > 0;
}

}  // namespace

X509Ptr parse_certificate(OSSL_LIB_CTX *libctx, ByteView der) {
    auto certificate = parse_once(libctx, der);
    if (!certificate || has_key(certificate.get())) return certificate;
    // libcrypto leaves out a key that it does not know, but likewise one that it had no memory for.
    const auto again = parse_once(libctx, der);
    if (!again || has_key(again.get())) throw std::bad_alloc();
    return certificate;
}

Bytes certificate_der(const X509 *certificate) { return to_der(i2d_X509, certificate); }
Bytes public_key_der(const EVP_PKEY *key) { return to_der(i2d_PUBKEY, key); }

BioPtr memory_bio(ByteView data) {
    if (data.size() > std::numeric_limits<int>::max()) throw std::bad_alloc();
    const void *begin = data.empty() ? "" : static_cast<const void *>(data.data());  // which may be null
    BioPtr bio(BIO_new_mem_buf(begin, static_cast<int>(data.size())));
    if (!bio) throw std::bad_alloc();
    return bio;
}

namespace {
ByteView without_leading_zeros(ByteView number) {
    const auto first = std::find_if(number.begin(), number.end(), [](auto byte) { return byte != 0; });
    return number.subspan(static_cast<std::size_t>(first - number.begin()));
}
}  // namespace

bool same_number(ByteView a, ByteView b) {
    return std::ranges::equal(without_leading_zeros(a), without_leading_zeros(b));
}

int number_bits(ByteView value) {
    const auto significant = without_leading_zeros(value);
    if (significant.empty()) return 0;
    const auto top_bits = static_cast<std::size_t>(std::bit_width(significant[0]));
    return static_cast<int>((significant.size() - 1) * 8 + top_bits);
}

std::string hex(ByteView data) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(data.size() * 2);
    for (const auto byte : data) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

int exponent_bits(const EVP_PKEY *key) {
    BIGNUM *exponent = nullptr;
    if (EVP_PKEY_is_a(key, "RSA") != 1 || EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1) return 0;
    const BnPtr owner(exponent);
    return BN_num_bits(exponent);
}

}  // namespace mhsm
