// The ways to get a token. Each kind is a file of its own in credentials/.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "shim/fetch/http.h"
#include "shim/fetch/token.h"

namespace mhsm::fetch {

// What a token is wanted for.
struct Wanted {
    std::string resource;   // https://managedhsm.azure.net
    std::string authority;  // https://login.microsoftonline.com
    std::string tenant;     // empty if nobody named one
};

class Credential {
public:
    Credential() = default;
    virtual ~Credential() = default;
    Credential(const Credential &) = delete;
    Credential &operator=(const Credential &) = delete;

    // Fails with MHSM_FETCH_NO_CREDENTIAL if there is nothing to ask (then another kind may be tried), else with
    // MHSM_FETCH_CREDENTIAL_FAILED or what the way there came to.
    virtual Fetched<Token> get(const Wanted &wanted, Http &http) = 0;
    // False: asking once more gives the same token.
    virtual bool renews() const { return true; }
};
using CredentialPtr = std::unique_ptr<Credential>;

// A variable of the environment; empty if it is not set. Programs with raised privileges see none.
using Environment = std::function<std::string(const char *name)>;

// One of the kinds if its settings are there; null if they are not.
CredentialPtr token_credential(const Settings &settings, const Environment &environment);
CredentialPtr client_secret_credential(const Environment &environment);
CredentialPtr client_certificate_credential(const Environment &environment);
CredentialPtr workload_identity_credential(const Environment &environment);
CredentialPtr managed_identity_credential(const Environment &environment);
CredentialPtr azure_cli_credential();

// The one that settings.auth names, or with auto the first that is set up, in the order above.
Fetched<CredentialPtr> choose_credential(const Settings &settings, const Environment &environment);

// POST to the token endpoint of the tenant. `proof` is what the kind proves itself with, form-encoded. Used by the
// kinds that have a client id.
Fetched<Token> ask_token_endpoint(const Wanted &wanted, const std::string &client_id, const Secret &proof, Http &http);
std::string token_endpoint(const Wanted &wanted);

// name=value of a form.
Secret form_field(const char *name, std::string_view value);

// A whole small file. `what` names it in the error.
Fetched<Secret> read_secret_file(const std::string &path, const std::string &what);

}  // namespace mhsm::fetch
