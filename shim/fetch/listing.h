// Pages of the service's lists of keys and of versions.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "url.h"

namespace mhsm::fetch {

struct Page {
    std::vector<KeyUrl> keys;
    std::string next;  // path and query of the next page at the same origin; empty if this is the last
};

// Reads the page of the list `path` (/keys, or /keys/name/versions) of `origin`. Throws Error(PROTOCOL): not the
// documented JSON, a key of another host, or a nextLink to another place.
Page parse_page(std::string_view body, const Origin &origin, std::string_view path);

// A list on its way from page to page.
class Listing {
public:
    Listing(Origin origin, std::string path, std::string_view api_version);

    const Origin &origin() const { return origin_; }
    const std::string &path() const { return path_; }
    std::string url() const;  // of the next page to ask for

    // Goes on to the page after `page`; false if that was the last. Throws Error(PROTOCOL) if the list turns in
    // circles.
    bool advance(const Page &page);

private:
    Origin origin_;
    std::string path_;
    std::string next_;
    std::unordered_set<std::size_t> seen_;  // hashes, so that a long list stays small
};

}  // namespace mhsm::fetch
