// The URLs that the library accepts: a short, strict grammar, and what their hosts mean.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mhsm::fetch {

// Where a request goes. The host is lower case ASCII; an IPv6 address is not accepted.
struct Origin {
    std::string host;
    unsigned port = 443;

    std::string authority() const;  // host, or host:port if the port is not 443
    std::string text() const;       // https://authority
    friend bool operator==(const Origin &, const Origin &) = default;
};

struct KeyUrl {
    Origin origin;
    std::string name;
    std::string version;  // may be empty

    std::string text() const;  // https://host/keys/name[/version]
    std::string attestation(std::string_view api_version) const;
};

// What a Managed HSM domain says about a host in it.
struct Domain {
    std::string_view suffix;    // with the dot before it
    std::string_view audience;  // whose tokens the service accepts
};

// The domain in which `host` is a pool, one label before the suffix; null if it is not one.
const Domain *managed_hsm_domain(std::string_view host);

// host[:port] with only letters, digits, hyphens and dots; nothing if it is malformed.
std::optional<Origin> parse_authority(std::string_view text);

// https://host/keys/name[/version], or with mhsm://. Throws Error(BAD_PARAMETER).
KeyUrl parse_key_url(std::string_view text);

// https://host, mhsm://host, or the name of a pool of the public cloud. Throws Error(BAD_PARAMETER).
Origin parse_pool(std::string_view text);

// Throws Error(HOST_REFUSED) unless `origin` is a pool in a Managed HSM domain (at port 443) or one of `allowed`.
void require_allowed(const Origin &origin, const std::vector<Origin> &allowed);

// The name of the pool that a verified TLS certificate of `origin` vouches for: in a Managed HSM domain only.
std::optional<std::string> tls_pool(const Origin &origin);

// `link` (the nextLink of a listing) if it is a page of `path` at `origin`: the path and query to ask for.
// Throws Error(PROTOCOL): it would get a token.
std::string next_page(std::string_view link, const Origin &origin, std::string_view path);

}  // namespace mhsm::fetch
