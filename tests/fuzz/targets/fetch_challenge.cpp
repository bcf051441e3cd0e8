// The challenge of a pool, one value of WWW-Authenticate a line: whatever it says, credentials go to Microsoft Entra
// only, and for the domain of this pool only.
#include "shim/fetch/challenge.h"

#include "property.h"
#include "shim/fetch/error.h"

using namespace mhsm;

namespace {

bool is_within(std::string_view host, std::string_view domain) {
    return host == domain || host.ends_with("." + std::string(domain));
}

void require_entra(const fetch::Challenge &challenge, const fetch::Origin &pool) {
    const auto &host = challenge.authority.host;
    fuzz::require(is_within(host, "microsoftonline.com") || is_within(host, "microsoftonline.us") ||
                      is_within(host, "microsoftonline.cn") || is_within(host, "chinacloudapi.cn") ||
                      is_within(host, "windows.net") || is_within(host, "microsoft.com"),
                  "a token is asked of Microsoft Entra only");
    fuzz::require(challenge.authority.port == 443, "on the port of https");
    fuzz::require(challenge.audience == fetch::managed_hsm_domain(pool.host)->audience,
                  "a token is asked for the domain of the pool");
    fuzz::require(challenge.tenant.find_first_of("/?#@:% \r\n") == std::string::npos, "a tenant is one word");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    fuzz::Input input(data, size);
    std::vector<std::string_view> values;
    while (!input.empty() && values.size() < 8) values.push_back(input.line());
    for (const auto value : values) static_cast<void>(fetch::parse_www_authenticate(value));
    for (const std::string_view host : {"pool.managedhsm.azure.net", "pool.managedhsm.azure.cn"}) {
        const fetch::Origin pool{std::string(host), 443};
        try {
            require_entra(fetch::read_challenge(values, pool), pool);
        } catch (const fetch::Error &error) {
            fuzz::require_printable(error.text(), "an error");
        }
    }
    return 0;
}
