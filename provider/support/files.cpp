#include "support/files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace mhsm::support {
namespace {

FileContent read_whole(const Descriptor &file) {
    if (!file.valid()) return {{}, errno == EINVAL ? "not a regular file" : system_error(errno)};
    FileContent content;
    const int error = read_descriptor(file.number(), file_limit + 1, content.bytes);
    if (error != 0) return {{}, system_error(error)};
    content.too_large = content.bytes.size() > file_limit;
    return content;
}

}  // namespace

std::string system_error(int number) { return std::generic_category().message(number); }

Descriptor open_for_reading(const std::string &path) {
    for (;;) {
        Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
        if (file.valid() || errno != EINTR) return file;
    }
}

Descriptor open_regular_file(const std::string &path, Links links, struct stat &status) {
    const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (links == Links::refuse ? O_NOFOLLOW : 0);
    Descriptor file(::open(path.c_str(), flags));
    if (!file.valid() || (::fstat(file.number(), &status) == 0 && S_ISREG(status.st_mode))) return file;
    file.close();
    errno = EINVAL;
    return file;
}

int read_descriptor(int descriptor, std::size_t limit, Bytes &bytes) {
    constexpr std::size_t first_chunk = std::size_t{16} << 10U;
    std::size_t used = 0;
    while (used < limit) {
        if (used == bytes.size()) bytes.resize(std::min(limit, std::max(first_chunk, bytes.size() * 2)));
        const auto count = ::read(descriptor, bytes.data() + used, bytes.size() - used);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        if (count == 0) break;
        used += static_cast<std::size_t>(count);
    }
    bytes.resize(used);
    return 0;
}

FileContent read_file(const std::string &path) { return read_whole(open_for_reading(path)); }

FileContent read_regular_file(const std::string &path) {
    struct stat status {};
    return read_whole(open_regular_file(path, Links::follow, status));
}

int write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const auto count = ::write(descriptor, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return 0;
}

Replacement::Replacement(const std::string &target, mode_t mode) : target_(target), path_(target + ".XXXXXX") {
    file_ = Descriptor(::mkostemp(path_.data(), O_CLOEXEC));
    if (!file_.valid() || ::fchmod(file_.number(), mode) != 0) error_ = errno;
    created_ = file_.valid();
}

Replacement::~Replacement() {
    if (created_) ::unlink(path_.c_str());
}

int Replacement::write(std::string_view text) { return error_ != 0 ? error_ : write_all(file_.number(), text); }

int Replacement::commit() {
    if (error_ != 0) return error_;
    if (::fsync(file_.number()) != 0 && errno != EINVAL) return errno;
    if (file_.close() != 0 || ::rename(path_.c_str(), target_.c_str()) != 0) return errno;
    created_ = false;
    return 0;
}

int replace_file(const std::string &path, mode_t mode, std::string_view text) {
    Replacement file(path, mode);
    const int error = file.write(text);
    return error != 0 ? error : file.commit();
}

}  // namespace mhsm::support
