#include "shim/fetch/credential.h"

#include <array>
#include <ctime>
#include <vector>

#include "core/attributes.h"
#include "shim/fetch/service_error.h"
#include "support/files.h"

namespace mhsm::fetch {
namespace {

// Managed identity, then az: which of them there is shows only when they are asked.
class FirstThatAnswers final : public Credential {
public:
    explicit FirstThatAnswers(std::vector<CredentialPtr> credentials) : credentials_(std::move(credentials)) {}

    Fetched<Token> get(const Wanted &wanted, Http &http) override {
        std::string tried;
        for (const auto &credential : credentials_) {
            auto token = credential->get(wanted, http);
            if (token || token.error().status != MHSM_FETCH_NO_CREDENTIAL) return token;
            tried += (tried.empty() ? "" : "; ") + token.error().text;
        }
        return Error{
            MHSM_FETCH_NO_CREDENTIAL, 0,
            "no credential found; set MHSM_ACCESS_TOKEN or AZURE_CLIENT_ID and its companions, or log in with az "
            "(" +
                tried + ")"};
    }

private:
    std::vector<CredentialPtr> credentials_;
};

Error not_set_up(const std::string &mode, const char *variables) {
    return {MHSM_FETCH_NO_CREDENTIAL, 0, "authentication mode " + mode + ": set " + variables};
}

Fetched<CredentialPtr> named(const std::string &mode, CredentialPtr credential, const char *variables) {
    if (!credential) return not_set_up(mode, variables);
    return credential;
}

}  // namespace

Fetched<CredentialPtr> choose_credential(const Settings &settings, const Environment &environment) {
    const auto &mode = settings.auth;
    if (mode == "token")
        return named(mode, token_credential(settings, environment), "MHSM_ACCESS_TOKEN, or give -token_file");
    if (mode == "client-secret")
        return named(mode, client_secret_credential(environment), "AZURE_CLIENT_ID and AZURE_CLIENT_SECRET");
    if (mode == "client-certificate")
        return named(mode, client_certificate_credential(environment),
                     "AZURE_CLIENT_ID and AZURE_CLIENT_CERTIFICATE_PATH");
    if (mode == "workload-identity")
        return named(mode, workload_identity_credential(environment), "AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE");
    if (mode == "managed-identity") return managed_identity_credential(environment);
    if (mode == "azure-cli") return azure_cli_credential();
    if (auto credential = token_credential(settings, environment)) return credential;
    if (auto credential = client_secret_credential(environment)) return credential;
    if (auto credential = client_certificate_credential(environment)) return credential;
    if (auto credential = workload_identity_credential(environment)) return credential;
    std::vector<CredentialPtr> last;
    last.push_back(managed_identity_credential(environment));
    last.push_back(azure_cli_credential());
    return CredentialPtr(std::make_unique<FirstThatAnswers>(std::move(last)));
}

Secret form_field(const char *name, std::string_view value) {
    struct Free {
        void operator()(char *text) const {
            OPENSSL_cleanse(text, std::char_traits<char>::length(text));
            curl_free(text);
        }
    };
    const std::unique_ptr<char, Free> escaped(curl_easy_escape(nullptr, value.data(), static_cast<int>(value.size())));
    if (!escaped) throw std::bad_alloc();
    std::string field;
    field.reserve(std::char_traits<char>::length(name) + std::char_traits<char>::length(escaped.get()) + 1);
    field.append(name).append("=").append(escaped.get());
    return Secret(std::move(field));
}

std::string token_endpoint(const Wanted &wanted) {
    return wanted.authority + "/" + wanted.tenant + "/oauth2/v2.0/token";
}

Fetched<Token> ask_token_endpoint(const Wanted &wanted, const std::string &client_id, const Secret &proof, Http &http) {
    if (wanted.tenant.empty())
        return Error{MHSM_FETCH_NO_CREDENTIAL, 0, "the tenant is not known; set AZURE_TENANT_ID"};
    const auto what = token_endpoint(wanted);
    const auto response = http.perform_patiently([&] {
        std::string form("grant_type=client_credentials&");
        const auto scope = form_field("scope", wanted.resource + "/.default");
        const auto client = form_field("client_id", client_id);
        form.reserve(form.size() + scope.view().size() + client.view().size() + proof.view().size() + 2);
        form.append(scope.view()).append("&").append(client.view()).append("&").append(proof.view());
        Request request;
        request.url = what;
        request.what = what;
        request.form = Secret(std::move(form));
        return request;
    });
    if (!response) return response.error();
    if (response->status == 200) {
        auto body = response->body;
        return read_token_answer(body, what, std::time(nullptr));
    }
    const auto words = service_words(response->body);
    return Error{MHSM_FETCH_CREDENTIAL_FAILED, static_cast<int>(response->status),
                 what + ": no token for client " + printable(client_id) +
                     "; check tenant, client id and its secret, "
                     "certificate or federation (HTTP status " +
                     std::to_string(response->status) + (words.empty() ? "" : ", it says: " + words) + ")"};
}

Fetched<Secret> read_secret_file(const std::string &path, const std::string &what) {
    auto content = support::read_file(path);
    const auto name = what + " " + printable(path);
    if (!content.error.empty()) return Error{MHSM_FETCH_BAD_PARAMETER, 0, name + ": " + content.error};
    if (content.too_large) return Error{MHSM_FETCH_BAD_PARAMETER, 0, name + ": larger than 1 MiB"};
    Secret secret(std::string(content.bytes.begin(), content.bytes.end()));
    OPENSSL_cleanse(content.bytes.data(), content.bytes.size());
    return secret;
}

}  // namespace mhsm::fetch
