#include "output.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

#include "core/ossl.h"
#include "diagnostics.h"
#include "support/files.h"

namespace mhsm::cli {

namespace {

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
    int open_to_append(const std::string &path);
    bool at_start() const { return at_start_; }
    int write(std::string_view text) { return file_ ? file_->write(text) : support::write_all(number(), text); }
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

    support::Descriptor in_place_{-1};
    std::optional<support::Replacement> file_;
    bool at_start_ = true;
};

int OutputStream::Target::open(const std::string &path) {
    if (path == "-") return 0;
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return errno != ENOENT ? errno : replace(path, default_mode());
    if (S_ISDIR(status.st_mode)) return EISDIR;
    if (!S_ISREG(status.st_mode)) {
        in_place_ = support::Descriptor(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
        return in_place_.valid() ? 0 : errno;
    }
    if (::access(path.c_str(), W_OK) != 0) return errno;
    // Through a symbolic link the file is replaced, not the link.
    std::error_code error;
    const auto resolved = std::filesystem::canonical(path, error);
    return error ? error.value() : replace(resolved.string(), status.st_mode & mode_t{07777});
}

int OutputStream::Target::open_to_append(const std::string &path) {
    if (path == "-") return 0;
    in_place_ = support::Descriptor(
        ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, mode_t{0666}));
    if (!in_place_.valid()) return errno;
    struct stat status {};
    if (::fstat(in_place_.number(), &status) != 0) return errno;
    at_start_ = status.st_size == 0;
    return 0;
}

OutputStream::OutputStream(std::string name, std::unique_ptr<Target> target)
    : name_(std::move(name)), target_(std::move(target)) {}
OutputStream::OutputStream(OutputStream &&) noexcept = default;
OutputStream &OutputStream::operator=(OutputStream &&) noexcept = default;
OutputStream::~OutputStream() = default;

Outcome OutputStream::outcome(int error) const {
    return error == 0 ? Outcome::pass() : Outcome::fail(Reason::none, name_, support::system_error(error));
}

Result<OutputStream> OutputStream::open(const std::string &path, Mode mode) {
    OutputStream stream(path == "-" ? "<stdout>" : printable(path), std::make_unique<Target>());
    auto &target = *stream.target_;
    const auto opened = stream.outcome(mode == Mode::append ? target.open_to_append(path) : target.open(path));
    if (!opened.passed()) return Failure{opened.reason, opened.subject, opened.detail};
    return stream;
}

bool OutputStream::at_start() const { return target_->at_start(); }
Outcome OutputStream::write(std::string_view text) { return outcome(target_->write(text)); }
Outcome OutputStream::finish() { return outcome(target_->finish()); }

Outcome write_output(const std::string &path, std::string_view text) {
    auto stream = OutputStream::open(path);
    if (!stream) return Outcome::fail(stream.failure());
    auto written = stream->write(text);
    return written.passed() ? stream->finish() : written;
}

void write_stderr(std::string_view text) { static_cast<void>(support::write_all(STDERR_FILENO, text)); }

}  // namespace mhsm::cli
