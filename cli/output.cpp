#include "output.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "core/ossl.h"
#include "descriptor.h"
#include "diagnostics.h"

namespace mhsm::cli {
namespace {

// The errno of the write that failed, or 0.
int write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const auto count = ::write(descriptor, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return 0;
}

int write_in_place(const std::string &path, std::string_view text) {
    Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (!file.valid()) return errno;
    const int error = write_all(file.number(), text);
    if (error != 0) return error;
    return file.close() == 0 ? 0 : errno;
}

// A new file beside `target`, removed again unless it is renamed to it.
class Replacement {
public:
    Replacement(const std::string &target, mode_t mode) : target_(target), path_(target + ".XXXXXX") {
        file_ = Descriptor(::mkostemp(path_.data(), O_CLOEXEC));
        if (!file_.valid() || ::fchmod(file_.number(), mode) != 0) error_ = errno;
        created_ = file_.valid();
    }
    ~Replacement() {
        if (created_) ::unlink(path_.c_str());
    }
    Replacement(const Replacement &) = delete;
    Replacement &operator=(const Replacement &) = delete;

    // The errno of the first step that failed, or 0.
    int commit(std::string_view text) {
        if (error_ != 0) return error_;
        const int error = write_all(file_.number(), text);
        if (error != 0) return error;
        if (::fsync(file_.number()) != 0 && errno != EINVAL) return errno;
        if (file_.close() != 0 || ::rename(path_.c_str(), target_.c_str()) != 0) return errno;
        created_ = false;
        return 0;
    }

private:
    std::string target_, path_;
    Descriptor file_{-1};
    bool created_ = false;
    int error_ = 0;
};

mode_t default_mode() {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return mode_t{0666} & ~mask;
}

int write_file(const std::string &path, std::string_view text) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        if (errno != ENOENT) return errno;
        return Replacement(path, default_mode()).commit(text);
    }
    if (S_ISDIR(status.st_mode)) return EISDIR;
    if (!S_ISREG(status.st_mode)) return write_in_place(path, text);
    if (::access(path.c_str(), W_OK) != 0) return errno;
    // Through a symbolic link the file is replaced, not the link.
    std::error_code error;
    const auto resolved = std::filesystem::canonical(path, error);
    if (error) return error.value();
    return Replacement(resolved.string(), status.st_mode & mode_t{07777}).commit(text);
}

}  // namespace

void secure_standard_descriptors() {
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(number, F_GETFD) >= 0 || errno != EBADF) continue;
        // The lowest free number is this one; the wrong direction keeps its use an error.
        if (::open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            ::_exit(static_cast<int>(Exit::trouble));
    }
}

Outcome write_output(const std::string &path, std::string_view text) {
    const bool standard_output = path == "-";
    const int error = standard_output ? write_all(STDOUT_FILENO, text) : write_file(path, text);
    if (error == 0) return Outcome::pass();
    return Outcome::fail(Reason::none, standard_output ? "<stdout>" : printable(path), system_error(error));
}

void write_stderr(std::string_view text) { static_cast<void>(write_all(STDERR_FILENO, text)); }

}  // namespace mhsm::cli
