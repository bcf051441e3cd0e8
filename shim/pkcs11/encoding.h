// Standard encodings of attribute values, made by libcrypto. All throw std::runtime_error if it fails.
#pragma once

#include <string>

#include "core/ossl.h"

namespace mhsm::pkcs11 {

Bytes octet_string_der(ByteView content);  // CKA_EC_POINT
Bytes curve_oid_der(int nid);              // CKA_EC_PARAMS
// A signature as PKCS#11 has it, its two numbers side by side in the same size, in the form of libcrypto.
Bytes ecdsa_signature_der(ByteView signature);
Bytes big_number(const EVP_PKEY *key, const char *name);  // unsigned, big-endian, no leading zero
Bytes from_hex(const std::string &digits);
Bytes digest(OSSL_LIB_CTX *libctx, const char *algorithm, ByteView data);  // SHA256 or SHA1

// From DER SubjectPublicKeyInfo.
EvpPkeyPtr public_key(OSSL_LIB_CTX *libctx, ByteView der);

// DER of the parts of a certificate that PKCS#11 wants by themselves.
struct CertificateParts {
    Bytes subject, issuer, serial, public_key;
};
CertificateParts certificate_parts(const X509 *certificate);

}  // namespace mhsm::pkcs11
