// The challenge of a pool, one value of WWW-Authenticate a line: whatever it says, credentials go to Microsoft Entra
// only, and for the domain of this pool only.
#include "shim/fetch/challenge.h"

#include "property.h"

using namespace mhsm;

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    fuzz::Input input(data, size);
    std::vector<std::string> values;
    while (!input.empty() && values.size() < 8) values.emplace_back(input.line());
    for (const std::string_view host : {"pool.managedhsm.azure.net", "pool.managedhsm.azure.cn"}) {
        const fetch::Origin pool{std::string(host), 443};
        const auto challenge = fetch::read_challenge(values, pool, "");
        if (!challenge) {
            fuzz::require_printable(challenge.error().text, "an error");
            continue;
        }
        const auto &authority = challenge->authority.host;
        fuzz::require(fetch::is_within(authority, "login.microsoftonline.com") ||
                          fetch::is_within(authority, "login.chinacloudapi.cn") ||
                          fetch::is_within(authority, "login.partner.microsoftonline.cn") ||
                          fetch::is_within(authority, "login.microsoftonline.us") ||
                          fetch::is_within(authority, "login.windows.net"),
                      "a token is asked of Microsoft Entra only");
        fuzz::require(challenge->authority.port == 443, "on the port of https");
        fuzz::require(challenge->resource == "https://" + *fetch::managed_hsm_domain(pool.host),
                      "a token is asked for the domain of the pool");
        fuzz::require(challenge->tenant.find_first_of("/?#@:% \r\n") == std::string::npos, "a tenant is one word");
    }
    return 0;
}
