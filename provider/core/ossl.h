// RAII handles for libcrypto objects and a scope that keeps the caller's error queue clean.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "reader.h"

namespace mhsm {

template <auto Free>
struct Deleter {
    template <class T>
    void operator()(T *object) const {
        Free(object);
    }
};

using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using BnPtr = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using EvpPkeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using EvpPkeyCtxPtr = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using EvpMdPtr = std::unique_ptr<EVP_MD, Deleter<EVP_MD_free>>;
using EvpMdCtxPtr = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using X509ReqPtr = std::unique_ptr<X509_REQ, Deleter<X509_REQ_free>>;
using ParamBuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using ParamsPtr = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;

using Sha256 = std::array<std::uint8_t, 32>;

// Drops every libcrypto error raised during its lifetime: the library reports through Outcome, never
// through the host's error queue.
class ErrorScope {
public:
    ErrorScope() : was_empty_(ERR_peek_error() == 0) { ERR_set_mark(); }
    ~ErrorScope() { ERR_pop_to_mark(); }
    ErrorScope(const ErrorScope &) = delete;
    ErrorScope &operator=(const ErrorScope &) = delete;

    // Whether libcrypto complained of a lack of memory: as the latest error, or as the first cause of others.
    bool out_of_memory() const;

private:
    bool was_empty_;
};

// Throws std::bad_alloc if libcrypto's latest complaint is a lack of memory. To be asked where it returned nothing
// and that may also be an answer: a report must not lack a name because there was no memory for it.
void throw_if_out_of_memory();

// SHA-256 of `data` with the algorithm fetched from `libctx` (may be null: the default context).
// Empty if the context offers no SHA-256. Throws std::bad_alloc.
std::optional<Sha256> sha256(OSSL_LIB_CTX *libctx, ByteView data);

// The same with an algorithm that was fetched before; null: empty.
std::optional<Sha256> sha256_with(const EVP_MD *algorithm, ByteView data);
EvpMdPtr fetch_sha256(OSSL_LIB_CTX *libctx);

// A certificate from exactly `der` (no trailing bytes), bound to `libctx`; null if it does not parse. Its key is missing
// only if libcrypto does not know such keys. Throws std::bad_alloc.
X509Ptr parse_certificate(OSSL_LIB_CTX *libctx, ByteView der);

// DER that an i2d_ function writes of `object`. Throws std::bad_alloc; empty if it has no encoding.
template <class I2d, class T>
Bytes to_der(I2d i2d, const T *object) {
    unsigned char *encoded = nullptr;
    const int size = i2d(object, &encoded);
    const std::unique_ptr<unsigned char, Deleter<[](void *p) { OPENSSL_free(p); }>> owner(encoded);
    if (size <= 0) throw_if_out_of_memory();
    return size > 0 ? Bytes(encoded, encoded + size) : Bytes{};
}

// DER of a certificate, or of the SubjectPublicKeyInfo of a key. Throws std::bad_alloc; empty if it has no encoding.
Bytes certificate_der(const X509 *certificate);
Bytes public_key_der(const EVP_PKEY *key);

// A read-only memory BIO over `data`, which must outlive it; never null. Throws std::bad_alloc.
BioPtr memory_bio(ByteView data);

// Unsigned big-endian bytes as a number, for comparisons that ignore leading zeros.
bool same_number(ByteView a, ByteView b);

// Bits of an unsigned big-endian number, leading zeros not counted.
int number_bits(ByteView value);

std::string hex(ByteView data);

// The size of an RSA key's public exponent, 0 for another key. More than ordinary_exponent_bits is refused: it
// makes a verification as costly as a signature, and no HSM or CA makes such a key.
int exponent_bits(const EVP_PKEY *key);
inline constexpr int ordinary_exponent_bits = 64;

}  // namespace mhsm
