#include "credentials/credential.h"

#include <array>

#include "text.h"

namespace mhsm::fetch {
namespace {

struct Kind {
    Auth auth;
    const char *name;
    Token (*token)(const Surroundings &, const Challenge &);
};

constexpr std::array<Kind, 6> kinds{{
    {Auth::token, "token", given_token},
    {Auth::client_secret, "client-secret", client_secret_token},
    {Auth::client_certificate, "client-certificate", client_certificate_token},
    {Auth::workload_identity, "workload-identity", workload_identity_token},
    {Auth::managed_identity, "managed-identity", managed_identity_token},
    {Auth::azure_cli, "azure-cli", azure_cli_token},
}};

}  // namespace

Token obtain_token(const Surroundings &surroundings, const Challenge &challenge, std::string &used) {
    const auto &config = surroundings.config;
    std::string missing;
    for (const auto &kind : kinds) {
        if (config.auth != Auth::automatic && config.auth != kind.auth) continue;
        try {
            auto token = kind.token(surroundings, challenge);
            used = kind.name;
            config.log(concat({"credential ", kind.name, ": a token for ", challenge.audience}));
            return token;
        } catch (const NotAvailable &reason) {
            if (config.auth != Auth::automatic) throw;
            config.log(concat({"credential ", kind.name, ": ", reason.text()}));
            missing += concat({missing.empty() ? "" : "; ", kind.name, ": ", reason.text()});
        }
    }
    throw Error(MHSM_FETCH_NO_CREDENTIAL, concat({"nothing to authenticate with was found (", missing, ")"}));
}

}  // namespace mhsm::fetch
