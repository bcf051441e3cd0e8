#include <cstdlib>

#include "credentials/entra.h"
#include "text.h"

namespace mhsm::fetch {

Token client_secret_token(const Surroundings &surroundings, const Challenge &challenge) {
    const auto client_id = environment("AZURE_CLIENT_ID");
    const auto *secret = secure_getenv("AZURE_CLIENT_SECRET");
    if (!client_id || secret == nullptr || *secret == '\0')
        throw NotAvailable("AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are not both set");
    return entra_token(surroundings, challenge, *client_id, [&] {
        Secret form("client_secret=");
        form.append_encoded(secret);
        return form;
    });
}

}  // namespace mhsm::fetch
