#include "credentials/entra.h"
#include "text.h"

namespace mhsm::fetch {

Token workload_identity_token(const Surroundings &surroundings, const Challenge &challenge) {
    const auto client_id = environment("AZURE_CLIENT_ID");
    const auto path = environment("AZURE_FEDERATED_TOKEN_FILE");
    if (!client_id || !path) throw NotAvailable("AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE are not both set");
    // Kubernetes replaces the file while we run.
    return entra_token(surroundings, challenge, *client_id, [&] {
        const auto assertion = parse_bearer(read_secret_file(*path).view());
        if (!assertion)
            throw Error(MHSM_FETCH_CREDENTIAL_FAILED, concat({one_line(*path), " does not hold a federated token"}));
        return assertion_form(assertion->value.view());
    });
}

}  // namespace mhsm::fetch
