// URLs of pools and keys, and which hosts may be trusted with a token.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shim/fetch/error.h"

namespace mhsm::fetch {

// https://<host>[:<port>]
struct Origin {
    std::string host;  // in lower case
    unsigned port = 443;
    std::string text() const;       // without the port that https implies
    std::string authority() const;  // likewise, without https://
    bool operator==(const Origin &) const = default;
};

struct KeyTarget {
    Origin origin;
    std::string name, version;  // the version may be empty
    std::string url() const;    // https://host/keys/name[/version]
};

// https://host/keys/name[/version] or the same with mhsm://. No user, query or fragment.
Fetched<KeyTarget> parse_key_target(std::string_view url);

// https://host or mhsm://host, with or without a slash behind, or the bare name of a pool of the public cloud.
Fetched<Origin> parse_pool_target(std::string_view text);

// Any https:// URL, as found in an answer: where it leads and what is behind that. None if it is anything else.
struct HttpsUrl {
    Origin origin;
    std::string path_and_query;  // starts with '/', or is empty
};
std::optional<HttpsUrl> parse_https_url(std::string_view url);

// The Managed HSM domains of Microsoft's clouds. What a token for a pool is asked for: https://<domain>.
// Null unless `host` is one label below such a domain.
const std::string *managed_hsm_domain(std::string_view host);

// The name of the pool that TLS vouches for: the first label of a host in a Managed HSM domain, on the port of https.
// Empty for any other.
std::string pool_of(const Origin &origin);

// Whether `origin` may get a token: in a Managed HSM domain on port 443, or among `allowed` (host or host:port, the
// port being 443 if there is none).
bool may_get_token(const Origin &origin, const std::vector<std::string> &allowed);

// "host" or "host:port", as settings have it.
std::optional<Origin> parse_authority(std::string_view text);

// Whether `host` is `domain` or lies below it.
bool is_within(std::string_view host, std::string_view domain);

std::string lower_case(std::string_view text);

}  // namespace mhsm::fetch
