#include "known_pools.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "diagnostics.h"
#include "input.h"
#include "output.h"
#include "support/files.h"
#include "text.h"

namespace mhsm::cli {
namespace {

Failure about(const std::string &path, std::string detail) {
    return {Reason::none, printable(path), std::move(detail)};
}

// Why the owner and the mode of the file do not allow to trust its content; empty if they do.
std::string distrust(const std::string &path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
    if (status.st_uid != ::geteuid() && status.st_uid != 0)
        return "it belongs to another user; it decides whom to trust, so own it";
    if ((status.st_mode & S_IWOTH) != 0)
        return concat({"anybody can write to it, and it decides whom to trust; run: chmod o-w ", shell_word(path)});
    return {};
}

// The text of the file; nothing if there is none.
Result<std::optional<std::string>> read_text(const std::string &path) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored) && !ignored) return std::optional<std::string>();
    if (auto why = distrust(path); !why.empty()) return about(path, std::move(why));
    const auto bytes = read_small_file(path);
    if (!bytes) return bytes.failure();
    return std::optional(std::string(as_text(*bytes)));
}

Result<std::vector<KnownPool>> parse(const std::string &path, std::string_view text) {
    auto pools = parse_known_pools(text);
    if (pools) return pools;
    auto failure = pools.failure();
    failure.subject = concat({printable(path), ": ", failure.subject});
    return failure;
}

// Holds the folder of the file, so that of several processes one at a time reads and replaces it. The file itself
// cannot be held, since it is replaced, and a file of its own for the lock would be left behind.
class FolderLock {
public:
    explicit FolderLock(const std::string &folder)
        : folder_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
        if (!folder_.valid()) {
            error_ = errno;
            return;
        }
        while (::flock(folder_.number(), LOCK_EX) != 0) {
            if (errno == EINTR) continue;
            error_ = errno;
            return;
        }
    }
    int error() const { return error_; }  // an errno, or 0

private:
    support::Descriptor folder_;
    int error_ = 0;
};

std::string folder_of(const std::string &path) {
    const auto folder = std::filesystem::path(path).parent_path().string();
    return folder.empty() ? "." : folder;
}

// Makes the folders that are missing, for this user alone.
int make_folders(const std::string &folder) {
    std::error_code error;
    if (std::filesystem::is_directory(folder, error)) return 0;
    const auto parent = std::filesystem::path(folder).parent_path().string();
    if (!parent.empty() && parent != folder)
        if (const int failed = make_folders(parent); failed != 0) return failed;
    return ::mkdir(folder.c_str(), S_IRWXU) == 0 || errno == EEXIST ? 0 : errno;
}

}  // namespace

std::string default_known_pools() {
    constexpr std::string_view below_config = "/mhsm-attest/known_pools";
    const char *config = std::getenv("XDG_CONFIG_HOME");
    if (config != nullptr && *config == '/') return concat({config, below_config});
    const char *home = std::getenv("HOME");
    if (home == nullptr || *home != '/') return {};
    return concat({home, "/.config", below_config});
}

Result<std::vector<KnownPool>> read_known_pools(const std::string &path, bool may_be_missing) {
    const auto text = read_text(path);
    if (!text) return text.failure();
    if (!*text && !may_be_missing) return about(path, support::system_error(ENOENT));
    return parse(path, text->value_or(""));
}

Result<bool> record_pool(const std::string &path, const std::string &pool, const Sha256 &root) {
    const auto folder = folder_of(path);
    if (const int error = make_folders(folder); error != 0) return about(folder, support::system_error(error));
    const FolderLock lock(folder);
    if (lock.error() != 0) return about(folder, support::system_error(lock.error()));

    const auto read = read_text(path);
    if (!read) return read.failure();
    auto text = read->value_or("# Pools of Azure Managed HSM and the SHA-256 of their root certificates\n");
    const auto pools = parse(path, text);
    if (!pools) return pools.failure();
    for (const auto &known : *pools) {
        if (!same_pool(known.pool, pool)) continue;
        if (known.root == root) return false;
        return Failure{Reason::owner_pool_changed, printable(path), concat({pool, " sha256:", hex(known.root)})};
    }
    if (!text.empty() && text.back() != '\n') text += '\n';
    const auto written = write_output(path, concat({text, pool, " sha256:", hex(root), "\n"}));
    if (!written.passed()) return about(path, written.detail);
    return true;
}

}  // namespace mhsm::cli
