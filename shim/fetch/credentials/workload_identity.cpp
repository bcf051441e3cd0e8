// A workload (Kubernetes, a pipeline) whose platform writes a federated token into a file.
#include "shim/fetch/assertion.h"
#include "shim/fetch/credential.h"

namespace mhsm::fetch {
namespace {

class WorkloadIdentity final : public Credential {
public:
    WorkloadIdentity(std::string client_id, std::string path)
        : client_id_(std::move(client_id)), path_(std::move(path)) {}

    // The platform rewrites the file all the time, so it is read each time.
    Fetched<Token> get(const Wanted &wanted, Http &http) override {
        const std::string name = "AZURE_FEDERATED_TOKEN_FILE";
        const auto content = read_secret_file(path_, name);
        if (!content) return content.error();
        const auto federated = read_token(std::string(content->view()), name + " " + path_);
        if (!federated) return federated.error();
        return ask_token_endpoint(wanted, client_id_, assertion_form(federated->text), http);
    }

private:
    std::string client_id_, path_;
};

}  // namespace

CredentialPtr workload_identity_credential(const Environment &environment) {
    const auto client_id = environment("AZURE_CLIENT_ID");
    const auto path = environment("AZURE_FEDERATED_TOKEN_FILE");
    if (client_id.empty() || path.empty()) return nullptr;
    return std::make_unique<WorkloadIdentity>(client_id, path);
}

}  // namespace mhsm::fetch
