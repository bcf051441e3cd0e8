// Pages of the listings of a pool: keys, and versions of a key.
#pragma once

#include <string>
#include <vector>

#include "shim/fetch/http.h"
#include "shim/fetch/url.h"

namespace mhsm::fetch {

struct Page {
    std::vector<KeyTarget> keys;
    std::string next;  // URL of the next page; empty after the last
};

// The first page of all keys of `pool`, and of all versions of a key.
std::string keys_url(const Origin &pool, const std::string &api_version);
std::string versions_url(const KeyTarget &key, const std::string &api_version);

// {"value":[{"kid",...}],"nextLink"}. Fails with MHSM_FETCH_PROTOCOL for anything else, for a key of another host and
// for a nextLink to one: a token would follow it.
Fetched<Page> parse_page(ByteView body, const Origin &pool);

}  // namespace mhsm::fetch
