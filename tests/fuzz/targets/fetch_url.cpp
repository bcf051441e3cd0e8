// URLs that requests go to: accepted ones print and parse to the same, and a token goes to no stranger's host.
#include "shim/fetch/url.h"

#include "property.h"

using namespace mhsm;

namespace {

void require_origin(const fetch::Origin &origin) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-._";
    fuzz::require(!origin.host.empty() && origin.host.find_first_not_of(allowed) == std::string::npos,
                  "a host has no odd characters");
    fuzz::require(origin.port >= 1 && origin.port <= 65535, "a port is one");
    const auto again = fetch::parse_https_url(origin.text());
    fuzz::require(again && again->origin == origin && again->path_and_query.empty(), "an origin prints and parses");
    if (!fetch::may_get_token(origin, {})) return;
    const bool known = fetch::is_within(origin.host, "managedhsm.azure.net") ||
                       fetch::is_within(origin.host, "managedhsm.azure.cn") ||
                       fetch::is_within(origin.host, "managedhsm.usgovcloudapi.net");
    fuzz::require(known && origin.port == 443, "a token goes to a pool of Managed HSM only");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const auto text = as_text({data, size});
    if (const auto url = fetch::parse_https_url(text)) {
        require_origin(url->origin);
        fuzz::require(url->path_and_query.empty() || url->path_and_query.front() == '/', "a path starts with a slash");
    }
    if (const auto key = fetch::parse_key_target(text)) {
        require_origin(key->origin);
        const auto again = fetch::parse_key_target(key->url());
        fuzz::require(
            again && again->origin == key->origin && again->name == key->name && again->version == key->version,
            "a key prints and parses to itself");
    }
    if (const auto pool = fetch::parse_pool_target(text)) {
        require_origin(*pool);
        if (!fetch::pool_of(*pool).empty())
            fuzz::require(fetch::managed_hsm_domain(pool->host) != nullptr,
                          "TLS vouches for pools of Managed HSM only");
    } else {
        fuzz::require_printable(pool.error().text, "an error");
    }
    if (const auto authority = fetch::parse_authority(text)) require_origin(*authority);
    return 0;
}
