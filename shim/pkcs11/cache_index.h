// The text of a cache's index.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mhsm::pkcs11 {

struct IndexEntry {
    std::string sha256;    // hex, of the evidence; "": it could not be fetched
    std::string tls_pool;  // "" if it did not come over verified TLS of a pool
    std::string url;
};

struct CacheIndex {
    std::string location;
    std::int64_t fetched = 0;  // Unix seconds
    std::vector<IndexEntry> entries;
};

// Whether a name has nothing in it that the text of an index could be broken by.
bool fits_index(std::string_view name);
std::string write_index(const CacheIndex &index);
// Nothing unless `text` is exactly what write_index makes.
std::optional<CacheIndex> read_index(std::string_view text);

}  // namespace mhsm::pkcs11
