#include "output.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
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

    // The errno of what failed, or 0.
    int error() const { return error_; }
    int write(std::string_view text) { return error_ != 0 ? error_ : write_all(file_.number(), text); }
    int commit() {
        if (error_ != 0) return error_;
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

}  // namespace

void secure_standard_descriptors() {
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(number, F_GETFD) >= 0 || errno != EBADF) continue;
        // The lowest free number is this one; the wrong direction keeps its use an error.
        if (::open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            ::_exit(static_cast<int>(Exit::trouble));
    }
}

// Standard output, a device or pipe as it is, or a file that is replaced.
class OutputStream::Target {
public:
    // The errno of the step that failed, or 0.
    int open(const std::string &path);
    int write(std::string_view text) { return file_ ? file_->write(text) : write_all(number(), text); }
    int finish() {
        if (file_) return file_->commit();
        return in_place_.close() == 0 ? 0 : errno;
    }

private:
    int number() const { return in_place_.valid() ? in_place_.number() : STDOUT_FILENO; }
    int replace(const std::string &path, mode_t mode) {
        file_.emplace(path, mode);
        return file_->error();
    }

    Descriptor in_place_{-1};
    std::optional<Replacement> file_;
};

int OutputStream::Target::open(const std::string &path) {
    if (path == "-") return 0;
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return errno != ENOENT ? errno : replace(path, default_mode());
    if (S_ISDIR(status.st_mode)) return EISDIR;
    if (!S_ISREG(status.st_mode)) {
        in_place_ = Descriptor(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
        return in_place_.valid() ? 0 : errno;
    }
    if (::access(path.c_str(), W_OK) != 0) return errno;
    // Through a symbolic link the file is replaced, not the link.
    std::error_code error;
    const auto resolved = std::filesystem::canonical(path, error);
    return error ? error.value() : replace(resolved.string(), status.st_mode & mode_t{07777});
}

OutputStream::OutputStream(std::string name, std::unique_ptr<Target> target)
    : name_(std::move(name)), target_(std::move(target)) {}
OutputStream::OutputStream(OutputStream &&) noexcept = default;
OutputStream::~OutputStream() = default;

Outcome OutputStream::outcome(int error) const {
    return error == 0 ? Outcome::pass() : Outcome::fail(Reason::none, name_, system_error(error));
}

Result<OutputStream> OutputStream::open(const std::string &path) {
    OutputStream stream(path == "-" ? "<stdout>" : printable(path), std::make_unique<Target>());
    const auto opened = stream.outcome(stream.target_->open(path));
    if (!opened.passed()) return Failure{opened.reason, opened.subject, opened.detail};
    return stream;
}

Outcome OutputStream::write(std::string_view text) { return outcome(target_->write(text)); }
Outcome OutputStream::finish() { return outcome(target_->finish()); }

Outcome write_output(const std::string &path, std::string_view text) {
    auto stream = OutputStream::open(path);
    if (!stream) return Outcome::fail(stream.failure());
    auto written = stream->write(text);
    return written.passed() ? stream->finish() : written;
}

void write_stderr(std::string_view text) { static_cast<void>(write_all(STDERR_FILENO, text)); }

}  // namespace mhsm::cli
