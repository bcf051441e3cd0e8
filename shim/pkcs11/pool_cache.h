// The evidence of a pool, kept on disk as it was received, so that the next start needs no network.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evidence_source.h"

namespace mhsm::pkcs11 {

// One key of a pool, as it was fetched.
struct PoolKey {
    std::string url;       // https://host/keys/name[/version]
    std::string tls_pool;  // the pool that sent these bytes over verified TLS; "" otherwise
    std::string json;      // "": it could not be fetched
};

// The cache is a folder that belongs to the user and that nobody else may read or write (0700); with any other it is
// not used. An index for each pool names the evidence by its SHA-256 and tells over which pool's TLS it came; a file
// that no longer has that hash makes the whole index worthless. So whoever could change what the cache says about TLS
// could as well change this program's memory, or its configuration.
class PoolCache {
public:
    // `shared` must outlive the cache.
    PoolCache(const Shared &shared, std::string location)
        : settings_(shared.settings.cache), log_(shared.log), libctx_(shared.libctx), location_(std::move(location)) {}

    // What was stored no longer than max-age before `now`; nothing if there is no such thing, whole and unchanged.
    std::optional<std::vector<PoolKey>> load(std::int64_t now) const;
    // Best effort; what goes wrong is in the log.
    void store(const std::vector<PoolKey> &keys, std::int64_t now) const;

private:
    std::string sha256_hex(std::string_view text) const;
    std::string path_of(std::string_view text, const char *suffix) const;
    std::string index_path() const { return path_of(location_, ".index"); }
    bool is_private() const;
    bool make_folder() const;
    void remove_unlisted(const std::vector<PoolKey> &keys) const;

    const CacheSettings &settings_;
    const Log &log_;
    OSSL_LIB_CTX *libctx_;
    std::string location_;
};

}  // namespace mhsm::pkcs11
