// X.509 certificates: the bundle, what one says, and whether one issued another.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ossl.h"
#include "result.h"

namespace mhsm {

// PEM bundle -> 1 to 16 certificates in an order that depends on their bytes alone, exact duplicates removed.
// Text around the blocks is ignored; a block that is not a certificate fails. Fails with certs_*.
Result<std::vector<X509Ptr>> parse_bundle(OSSL_LIB_CTX *libctx, ByteView pem);

// Whether `issuer` signed `subject`: names and key identifiers (X509_check_issued), an issuer that may issue,
// SHA-256 or better, an issuer key of at least RSA-2048 or P-256, no unknown critical extension, a name that the
// issuer's name constraints permit, and the signature itself. `version1_may_issue` is the exception for Marvell
// adapters: an X.509 v1 certificate, which has no extensions, cannot say that it is a CA.
enum class IssuerRule {
    must_state_ca,       // basicConstraints CA:TRUE and keyUsage keyCertSign, both stated
    version1_may_issue,  // CA:TRUE, or version 1 without any extension
    trust_anchor         // trusted as it is
};
Outcome check_issued_by(X509 *subject, X509 *issuer, IssuerRule rule);

bool same_certificate(X509 *a, X509 *b);
bool same_public_key(X509 *a, X509 *b);
bool names_issuer(X509 *subject, X509 *issuer);  // subject's issuer name is issuer's subject name
bool is_self_issued(X509 *certificate);
bool is_ca(X509 *certificate);  // basicConstraints CA:TRUE
// The value of the only `nid` attribute of the subject name as UTF-8; "" if absent or given twice.
std::string subject_attribute(X509 *certificate, int nid);

// Facts about a certificate, for the report.
std::string display_name(X509 *certificate);  // its common name, or its whole subject without one
std::string subject_name(X509 *certificate);
std::string issuer_name(X509 *certificate);
std::string fingerprint(OSSL_LIB_CTX *libctx, X509 *certificate);  // SHA-256, lower-case hex
std::int64_t not_before(X509 *certificate);                        // Unix seconds
std::int64_t not_after(X509 *certificate);
std::string utc_time(std::int64_t unix_seconds);  // 2026-01-31T12:00:00Z

}  // namespace mhsm
