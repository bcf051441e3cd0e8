// The URIs of the store loader.
#pragma once

#include <string>
#include <string_view>

namespace mhsm::provider {

// mhsm:///absolute/path.json[?certificate=ROLE] or mhsm://host/keys/name[/version][?certificate=ROLE].
struct Uri {
    std::string path;         // absolute path of a file, percent-decoded; empty if a host is named
    std::string host;         // with port if one is given; empty for a file
    std::string certificate;  // role of the only certificate that is wanted; empty: everything
    std::string base;         // as given, without the query
};

// Throws Error.
Uri parse_uri(std::string_view text);

}  // namespace mhsm::provider
