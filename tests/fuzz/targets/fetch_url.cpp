// URLs that requests go to: accepted ones print and parse to the same, and a token goes to no stranger's host.
#include "shim/fetch/url.h"

#include "property.h"
#include "shim/fetch/error.h"

using namespace mhsm;

namespace {

void require_origin(const fetch::Origin &origin) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-.";
    fuzz::require(!origin.host.empty() && origin.host.find_first_not_of(allowed) == std::string::npos,
                  "a host has no odd characters");
    fuzz::require(origin.port >= 1 && origin.port <= 65535, "a port is one");
    const auto again = fetch::parse_authority(origin.authority());
    fuzz::require(again && *again == origin, "an origin prints and parses to itself");
    const std::string_view host = origin.host;
    const bool known = host.ends_with(".managedhsm.azure.net") || host.ends_with(".managedhsm.azure.cn") ||
                       host.ends_with(".managedhsm.usgovcloudapi.net");
    try {
        fetch::require_allowed(origin, {});
    } catch (const fetch::Error &error) {
        fuzz::require_printable(error.text(), "an error");
        return;
    }
    fuzz::require(known && origin.port == 443, "a token goes to a pool of Managed HSM only");
}

// What `parse` makes of the text, or nothing if it refuses it with a line that can be shown.
template <class Parse>
auto accepted(Parse parse, std::string_view text) -> std::optional<decltype(parse(text))> {
    try {
        return parse(text);
    } catch (const fetch::Error &error) {
        fuzz::require_printable(error.text(), "an error");
        return std::nullopt;
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const auto text = as_text({data, size});
    if (const auto authority = fetch::parse_authority(text)) require_origin(*authority);
    if (const auto pool = accepted(fetch::parse_pool, text)) {
        require_origin(*pool);
        if (fetch::tls_pool(*pool))
            fuzz::require(fetch::managed_hsm_domain(pool->host) != nullptr,
                          "TLS vouches for pools of Managed HSM only");
    }
    if (const auto key = accepted(fetch::parse_key_url, text)) {
        require_origin(key->origin);
        const auto again = accepted(fetch::parse_key_url, key->text());
        fuzz::require(
            again && again->origin == key->origin && again->name == key->name && again->version == key->version,
            "a key prints and parses to itself");
    }
    const fetch::Origin origin{"pool.managedhsm.azure.net", 443};
    const auto next = [&](std::string_view link) { return fetch::next_page(link, origin, "/keys"); };
    if (const auto page = accepted(next, text))
        fuzz::require(page->starts_with("/keys"), "the next page is one of the same list");
    return 0;
}
