// The challenge of an unauthenticated request (RFC 6750, 3): which token the pool wants, and from whom.
#pragma once

#include <string>
#include <vector>

#include "shim/fetch/url.h"

namespace mhsm::fetch {

struct Challenge {
    Origin authority;      // where tokens are made, e.g. https://login.microsoftonline.com
    std::string tenant;    // empty if the pool does not say
    std::string resource;  // what the token is to be for, e.g. https://managedhsm.azure.net
};

// Reads the values of WWW-Authenticate. `authority_host`: a host of the user's own choice that makes tokens, beside
// those of Microsoft Entra; may be empty. Fails with MHSM_FETCH_CHALLENGE_REFUSED unless the resource is the one of the
// pool's domain (or, for an allowed host, that host or a domain above it) and the authority one of those hosts: a token
// or a client secret would go to a stranger.
Fetched<Challenge> read_challenge(const std::vector<std::string> &values, const Origin &pool,
                                  const std::string &authority_host);

}  // namespace mhsm::fetch
