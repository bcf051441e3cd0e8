// What a service asks for when it answers 401: the tenant and the audience of the token.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "url.h"

namespace mhsm::fetch {

struct Challenge {
    Origin authority;  // of the token endpoint
    std::string tenant;
    std::string audience;  // https://host, without a path
    friend bool operator==(const Challenge &, const Challenge &) = default;
};

// One scheme of a WWW-Authenticate header, with its parameters (names in lower case).
struct AuthScheme {
    std::string name;  // in lower case
    std::vector<std::pair<std::string, std::string>> parameters;

    const std::string *parameter(std::string_view wanted) const;
};

// The schemes of one header (RFC 9110 section 11.6.1); what cannot be parsed ends the list.
std::vector<AuthScheme> parse_www_authenticate(std::string_view header);

// The Bearer challenge of `service`. Throws Error(CHALLENGE_REFUSED) if there is none, if its authority is not an Entra
// sign-in host, or if its audience is not that of `service`: a token would go astray.
Challenge read_challenge(const std::vector<std::string_view> &headers, const Origin &service);

// Whether `origin` is a sign-in host of a Microsoft cloud, or the one named by $AZURE_AUTHORITY_HOST.
bool is_authority(const Origin &origin);

bool is_tenant(std::string_view text);

}  // namespace mhsm::fetch
