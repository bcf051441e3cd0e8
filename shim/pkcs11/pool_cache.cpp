#include "pool_cache.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>

#include "cache_index.h"
#include "encoding.h"
#include "support/files.h"

namespace mhsm::pkcs11 {
namespace {

constexpr mode_t folder_mode = 0700;
constexpr mode_t file_mode = 0600;
constexpr mode_t others = 0077;  // nothing for anybody else
constexpr std::size_t index_limit = std::size_t{16} << 20U;

// A regular file of the user's own that nobody else can have written; nothing otherwise.
std::optional<std::string> read_own_file(const std::string &path, std::size_t limit) {
    struct stat status {};
    const auto file = support::open_regular_file(path, support::Links::refuse, status);
    if (!file.valid() || status.st_uid != ::geteuid() || (status.st_mode & others) != 0) return std::nullopt;
    Bytes bytes;
    if (support::read_descriptor(file.number(), limit + 1, bytes) != 0 || bytes.size() > limit) return std::nullopt;
    return std::string(as_text(bytes));
}

}  // namespace

std::string PoolCache::sha256_hex(std::string_view text) const {
    return hex(digest(libctx_, "SHA256", as_bytes(text)));
}

std::string PoolCache::path_of(std::string_view text, const char *suffix) const {
    return settings_.folder + "/" + sha256_hex(text) + suffix;
}

bool PoolCache::is_private() const {
    struct stat status {};
    return ::lstat(settings_.folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() &&
           (status.st_mode & others) == 0;
}

bool PoolCache::make_folder() const {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(settings_.folder).parent_path(), error);
    if (::mkdir(settings_.folder.c_str(), folder_mode) == 0 || errno == EEXIST) return true;
    log_.write(settings_.folder, support::system_error(errno));
    return false;
}

std::optional<std::vector<PoolKey>> PoolCache::load(std::int64_t now) const {
    if (settings_.folder.empty() || !is_private()) return std::nullopt;
    const auto text = read_own_file(index_path(), index_limit);
    const auto index = text ? read_index(*text) : std::nullopt;
    if (!index || index->location != location_) return std::nullopt;
    // One from the future would never grow old.
    if (index->fetched > now || now - index->fetched > settings_.max_age) return std::nullopt;
    std::vector<PoolKey> keys;
    for (const auto &entry : index->entries) {
        PoolKey key{entry.url, entry.tls_pool, {}};
        if (!entry.sha256.empty()) {
            auto json = read_own_file(path_of(entry.url, ".json"), support::file_limit);
            if (!json || sha256_hex(*json) != entry.sha256) {
                log_.write(location_, "the cached evidence of " + entry.url + " is not what was fetched");
                return std::nullopt;
            }
            key.json = std::move(*json);
        }
        keys.push_back(std::move(key));
    }
    return keys;
}

// Files of keys that the pool no longer has.
void PoolCache::remove_unlisted(const std::vector<PoolKey> &keys) const {
    const auto text = read_own_file(index_path(), index_limit);
    const auto index = text ? read_index(*text) : std::nullopt;
    if (!index) return;
    std::set<std::string_view> listed;
    for (const auto &key : keys) listed.insert(key.url);
    for (const auto &entry : index->entries)
        if (!listed.contains(entry.url)) ::unlink(path_of(entry.url, ".json").c_str());
}

void PoolCache::store(const std::vector<PoolKey> &keys, std::int64_t now) const {
    if (settings_.folder.empty() || !make_folder()) return;
    if (!is_private()) {
        log_.write(settings_.folder, "not used as a cache: it must belong to the user, with mode 0700");
        return;
    }
    const auto fits = [](const PoolKey &key) { return fits_index(key.url) && fits_index(key.tls_pool); };
    if (!std::ranges::all_of(keys, fits)) return log_.write(location_, "not cached: a key has a name with blanks");
    remove_unlisted(keys);
    CacheIndex index{location_, now, {}};
    for (const auto &key : keys) {
        IndexEntry entry{"", key.tls_pool, key.url};
        if (!key.json.empty()) {
            const int error = support::replace_file(path_of(key.url, ".json"), file_mode, key.json);
            if (error != 0) return log_.write(settings_.folder, support::system_error(error));
            entry.sha256 = sha256_hex(key.json);
        }
        index.entries.push_back(std::move(entry));
    }
    // Last: it is what makes the others count.
    const int error = support::replace_file(index_path(), file_mode, write_index(index));
    if (error != 0) log_.write(settings_.folder, support::system_error(error));
}

}  // namespace mhsm::pkcs11
