// What a verified report says, as PKCS#11 objects.
#pragma once

#include <string>
#include <vector>

#include "attribute.h"
#include "core/verify.h"

namespace mhsm::pkcs11 {

// The public and the private key, or the secret key, of a verified report: exactly what was attested, and nothing in
// place of what was not. `report` must be verified. Throws std::runtime_error if libcrypto fails.
std::vector<Object> key_objects(OSSL_LIB_CTX *libctx, const Report &report);

// A certificate of one of the two chains. Never CKA_TRUSTED: nothing from the evidence is a trust anchor.
Object certificate_object(OSSL_LIB_CTX *libctx, const CertificateFacts &facts);

}  // namespace mhsm::pkcs11
