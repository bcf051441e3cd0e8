// The public operations on attested keys that libcrypto does.
#pragma once

#include <span>

#include "cryptoki.h"

namespace mhsm::pkcs11 {

enum class Scheme { rsa_pkcs1, rsa_pss, rsa_oaep, ecdsa };

struct Mechanism {
    CK_MECHANISM_TYPE type;
    Scheme scheme;
    const char *digest;  // that the mechanism makes itself; null: the application gives the hash
    CK_FLAGS flags;      // CKF_VERIFY, CKF_ENCRYPT
    CK_KEY_TYPE key_type() const { return scheme == Scheme::ecdsa ? CKK_EC : CKK_RSA; }
};

std::span<const Mechanism> mechanisms();
// CKR_MECHANISM_INVALID as an Error, also if it does not do `operation` (CKF_VERIFY or CKF_ENCRYPT).
const Mechanism &find_mechanism(CK_MECHANISM_TYPE type, CK_FLAGS operation);
const Mechanism &find_mechanism(CK_MECHANISM_TYPE type);
CK_MECHANISM_INFO mechanism_info(const Mechanism &mechanism);

}  // namespace mhsm::pkcs11
