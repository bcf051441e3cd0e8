// The signed assertion by which an application proves that it holds a certificate's private key.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "core/ossl.h"
#include "secret.h"

namespace mhsm::fetch {

struct Identity {
    EvpPkeyPtr key;
    X509Ptr certificate;
};

// From the bytes of a PEM file (private key and certificate, in any order) or of a PKCS#12 file. Throws
// Error(CREDENTIAL_FAILED); `where` names the file.
Identity parse_identity(std::string_view bytes, const Secret &password, const std::string &where);

std::string base64url(ByteView bytes);

// A JWT for `audience` (the token endpoint) about `client_id`, valid for ten minutes from `now`: PS256, x5t#S256
// (RFC 7515, RFC 7523). Throws Error(CREDENTIAL_FAILED).
Secret client_assertion(const Identity &identity, std::string_view client_id, std::string_view audience,
                        std::time_t now);

}  // namespace mhsm::fetch
