// An application of Microsoft Entra that proves itself with a certificate.
#include <ctime>

#include "shim/fetch/assertion.h"
#include "shim/fetch/credential.h"

namespace mhsm::fetch {
namespace {

class ClientCertificateFile final : public Credential {
public:
    ClientCertificateFile(std::string client_id, std::string path, Secret password)
        : client_id_(std::move(client_id)), path_(std::move(path)), password_(std::move(password)) {}

    Fetched<Token> get(const Wanted &wanted, Http &http) override {
        const std::string name = "AZURE_CLIENT_CERTIFICATE_PATH";
        const auto content = read_secret_file(path_, name);
        if (!content) return content.error();
        auto *libctx = http.crypto().context();
        const auto client = read_client_certificate(libctx, *content, password_, name + " " + path_);
        if (!client) return client.error();
        const auto assertion = make_assertion(libctx, *client, client_id_, token_endpoint(wanted), std::time(nullptr));
        if (!assertion) return assertion.error();
        return ask_token_endpoint(wanted, client_id_, assertion_form(*assertion), http);
    }

private:
    std::string client_id_, path_;
    Secret password_;
};

}  // namespace

CredentialPtr client_certificate_credential(const Environment &environment) {
    const auto client_id = environment("AZURE_CLIENT_ID");
    const auto path = environment("AZURE_CLIENT_CERTIFICATE_PATH");
    if (client_id.empty() || path.empty()) return nullptr;
    return std::make_unique<ClientCertificateFile>(client_id, path,
                                                   Secret(environment("AZURE_CLIENT_CERTIFICATE_PASSWORD")));
}

}  // namespace mhsm::fetch
