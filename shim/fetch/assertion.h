// Client assertions: signed JWTs that prove an application's certificate (RFC 7523; PS256 with x5t#S256, as Microsoft
// Entra wants it).
#pragma once

#include <string>

#include "core/ossl.h"
#include "shim/fetch/error.h"
#include "shim/fetch/secret.h"

namespace mhsm::fetch {

struct ClientCertificate {
    X509Ptr certificate;
    EvpPkeyPtr key;
};

// From PEM (certificate and key, in any order) or PKCS#12. `name` is what the file is called in errors.
Fetched<ClientCertificate> read_client_certificate(OSSL_LIB_CTX *libctx, const Secret &content, const Secret &password,
                                                   const std::string &name);

// An assertion for `audience` (the token endpoint) that ends ten minutes after `now`.
Fetched<Secret> make_assertion(OSSL_LIB_CTX *libctx, const ClientCertificate &client, const std::string &client_id,
                               const std::string &audience, std::int64_t now);

// The body of a form that carries one.
Secret assertion_form(const Secret &assertion);

}  // namespace mhsm::fetch
