// The part of Entra ID: who may have a token for what, and which tokens are good.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bytes.h"
#include "tls.h"

namespace emulator {

// Who asks for tokens; all of it is made up when the emulator starts.
struct Application {
    std::string tenant, client_id, client_secret, federated_token;
    std::vector<std::string> audiences;  // that it may have tokens for
    X509Handle certificate;
};

struct Reply {
    int status = 200;
    std::string body;
    std::map<std::string, std::string> headers;
};

// What is wrong with a token that was made wrong on purpose.
enum class Defect { none, audience, expired, tenant };

class Tokens {
public:
    explicit Tokens(Application application);

    const Application &application() const { return application_; }
    // POST /<tenant>/oauth2/v2.0/token. `endpoint` is its URL as the client knows it.
    Reply grant(const std::map<std::string, std::string> &form, const std::string &tenant, const std::string &endpoint,
                Defect defect) const;
    // What managed identities get.
    Reply grant_identity(const std::string &resource, Defect defect) const;
    // A year's token for every audience.
    std::string for_people() const;
    // Why the value of an Authorization header is no good for `audience`; empty if it is.
    std::string objection(std::string_view authorization, std::string_view audience) const;

private:
    bool knows(const std::string &audience) const;
    std::string issue(const std::string &audiences_json, std::int64_t lifetime, const std::string &tenant) const;
    std::string defective(const std::string &audience, Defect defect) const;
    std::string mac(std::string_view text) const;
    std::string assertion_objection(std::string_view assertion, const std::string &endpoint) const;

    Application application_;
    forge::Bytes secret_;  // signs the tokens
};

// The clouds that have Managed HSMs, and where one signs in to them.
struct Cloud {
    std::string_view domain, sign_in;
};
inline constexpr std::array<Cloud, 3> clouds{{{"managedhsm.azure.net", "login.microsoftonline.com"},
                                              {"managedhsm.azure.cn", "login.partner.microsoftonline.cn"},
                                              {"managedhsm.usgovcloudapi.net", "login.microsoftonline.us"}}};

}  // namespace emulator
