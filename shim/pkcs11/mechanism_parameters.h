// Parameters of mechanisms, checked and handed to libcrypto.
#pragma once

#include "core/ossl.h"
#include "cryptoki.h"

namespace mhsm::pkcs11 {

// All throw CKR_MECHANISM_PARAM_INVALID as an Error for what is malformed or does not fit.

// For a mechanism that has none.
void require_no_parameters(const CK_MECHANISM &mechanism);

// CK_RSA_PKCS_PSS_PARAMS into `context`. `digest`: that the mechanism makes itself, or null. Returns the bytes of the
// hash that is signed.
std::size_t apply_pss(EVP_PKEY_CTX *context, const CK_MECHANISM &mechanism, const char *digest);

// CK_RSA_PKCS_OAEP_PARAMS into `context`. Returns the bytes that the padding takes.
std::size_t apply_oaep(EVP_PKEY_CTX *context, const CK_MECHANISM &mechanism);

}  // namespace mhsm::pkcs11
