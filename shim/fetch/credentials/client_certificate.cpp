#include "credentials/entra.h"
#include "jwt.h"
#include "text.h"

namespace mhsm::fetch {

Token client_certificate_token(const Surroundings &surroundings, const Challenge &challenge) {
    const auto client_id = environment("AZURE_CLIENT_ID");
    const auto path = environment("AZURE_CLIENT_CERTIFICATE_PATH");
    if (!client_id || !path) throw NotAvailable("AZURE_CLIENT_ID and AZURE_CLIENT_CERTIFICATE_PATH are not both set");
    const Secret password(environment("AZURE_CLIENT_CERTIFICATE_PASSWORD").value_or(""));
    const auto identity = parse_identity(read_secret_file(*path).view(), password, one_line(*path));
    const auto endpoint = token_endpoint(challenge);
    return entra_token(surroundings, challenge, *client_id, [&] {
        return assertion_form(client_assertion(identity, *client_id, endpoint, std::time(nullptr)).view());
    });
}

}  // namespace mhsm::fetch
