// The token endpoint of Entra ID (OAuth 2.0 client credentials).
#pragma once

#include <string>
#include <string_view>

#include "credentials/credential.h"

namespace mhsm::fetch {

// The endpoint for `challenge`; AZURE_AUTHORITY_HOST and AZURE_TENANT_ID go before what the service says. Throws Error.
std::string token_endpoint(const Challenge &challenge);

// Asks for a token. `proof` is the percent-encoded rest of the form ("client_secret=..."), made anew for each attempt.
Token entra_token(const Surroundings &surroundings, const Challenge &challenge, std::string_view client_id,
                  const std::function<Secret()> &proof);

// The form of a signed client_assertion.
Secret assertion_form(std::string_view assertion);

// A small file that holds a secret. Throws Error(CREDENTIAL_FAILED).
Secret read_secret_file(const std::string &path);

}  // namespace mhsm::fetch
