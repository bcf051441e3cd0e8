// An application of Microsoft Entra that proves itself with a secret.
#include "shim/fetch/credential.h"

namespace mhsm::fetch {
namespace {

class ClientSecret final : public Credential {
public:
    ClientSecret(std::string client_id, Secret secret) : client_id_(std::move(client_id)), secret_(std::move(secret)) {}

    Fetched<Token> get(const Wanted &wanted, Http &http) override {
        return ask_token_endpoint(wanted, client_id_, form_field("client_secret", secret_.view()), http);
    }

private:
    std::string client_id_;
    Secret secret_;
};

}  // namespace

CredentialPtr client_secret_credential(const Environment &environment) {
    const auto client_id = environment("AZURE_CLIENT_ID");
    Secret secret(environment("AZURE_CLIENT_SECRET"));
    if (client_id.empty() || secret.empty()) return nullptr;
    return std::make_unique<ClientSecret>(client_id, std::move(secret));
}

}  // namespace mhsm::fetch
