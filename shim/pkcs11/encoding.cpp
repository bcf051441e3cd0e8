#include "encoding.h"

#include <openssl/asn1.h>
#include <openssl/ec.h>
#include <openssl/objects.h>

#include <limits>
#include <stdexcept>

namespace mhsm::pkcs11 {
namespace {

using EcdsaSigPtr = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;
using OctetStringPtr = std::unique_ptr<ASN1_OCTET_STRING, Deleter<ASN1_OCTET_STRING_free>>;

// What the i2d function of a type makes of `object`.
template <class T>
Bytes der(int (*encode)(const T *, unsigned char **), const T *object, const char *what) {
    unsigned char *encoded = nullptr;
    const int size = object != nullptr ? encode(object, &encoded) : -1;
    const std::unique_ptr<unsigned char, Deleter<[](void *p) { OPENSSL_free(p); }>> owner(encoded);
    if (size <= 0) throw std::runtime_error(std::string("libcrypto does not encode ") + what);
    return {encoded, encoded + size};
}

}  // namespace

Bytes octet_string_der(ByteView content) {
    const OctetStringPtr string(ASN1_OCTET_STRING_new());
    if (!string || content.size() > std::numeric_limits<int>::max() ||
        ASN1_OCTET_STRING_set(string.get(), content.data(), static_cast<int>(content.size())) != 1)
        throw std::bad_alloc();
    return der<ASN1_OCTET_STRING>(i2d_ASN1_OCTET_STRING, string.get(), "an octet string");
}

Bytes curve_oid_der(int nid) { return der<ASN1_OBJECT>(i2d_ASN1_OBJECT, OBJ_nid2obj(nid), "the curve"); }

Bytes ecdsa_signature_der(ByteView signature) {
    const auto half = signature.size() / 2;
    BnPtr r(BN_bin2bn(signature.data(), static_cast<int>(half), nullptr));
    BnPtr s(BN_bin2bn(signature.data() + half, static_cast<int>(half), nullptr));
    const EcdsaSigPtr numbers(ECDSA_SIG_new());
    if (!r || !s || !numbers || ECDSA_SIG_set0(numbers.get(), r.get(), s.get()) != 1) throw std::bad_alloc();
    static_cast<void>(r.release());
    static_cast<void>(s.release());
    return der<ECDSA_SIG>(i2d_ECDSA_SIG, numbers.get(), "a signature");
}

Bytes big_number(const EVP_PKEY *key, const char *name) {
    BIGNUM *number = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &number) != 1) throw std::runtime_error("the key has no such number");
    const BnPtr owner(number);
    Bytes bytes(static_cast<std::size_t>(BN_num_bytes(number)));
    BN_bn2bin(number, bytes.data());
    return bytes;
}

Bytes from_hex(const std::string &digits) {
    Bytes bytes(digits.size() / 2);
    std::size_t size = 0;
    if (digits.empty()) return bytes;
    if (OPENSSL_hexstr2buf_ex(bytes.data(), bytes.size(), &size, digits.c_str(), '\0') != 1 || size != bytes.size())
        throw std::runtime_error("malformed hexadecimal digits");
    return bytes;
}

Bytes digest(OSSL_LIB_CTX *libctx, const char *algorithm, ByteView data) {
    Bytes value(EVP_MAX_MD_SIZE);
    std::size_t size = 0;
    if (EVP_Q_digest(libctx, algorithm, nullptr, data.data(), data.size(), value.data(), &size) != 1)
        throw std::bad_alloc();  // the module's context has it
    value.resize(size);
    return value;
}

EvpPkeyPtr public_key(OSSL_LIB_CTX *libctx, ByteView der) {
    const auto *cursor = der.data();
    EvpPkeyPtr key(d2i_PUBKEY_ex(nullptr, &cursor, static_cast<long>(der.size()), libctx, nullptr));
    if (!key) throw std::runtime_error("libcrypto does not read the attested key");
    return key;
}

CertificateParts certificate_parts(const X509 *certificate) {
    return {der<X509_NAME>(i2d_X509_NAME, X509_get_subject_name(certificate), "a subject"),
            der<X509_NAME>(i2d_X509_NAME, X509_get_issuer_name(certificate), "an issuer"),
            der<ASN1_INTEGER>(i2d_ASN1_INTEGER, X509_get0_serialNumber(certificate), "a serial number"),
            der<X509_PUBKEY>(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(certificate), "a public key")};
}

}  // namespace mhsm::pkcs11
