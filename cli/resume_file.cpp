#include "resume_file.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "diagnostics.h"
#include "output.h"
#include "support/files.h"
#include "text.h"

namespace mhsm::cli {
namespace {

constexpr std::string_view magic = "openssl-attest-resume 1";
constexpr std::size_t longest_line = 4096;

std::string header_line(std::string_view pool, std::string_view settings) {
    const auto digest = sha256(nullptr, as_bytes(settings));
    return concat({magic, " ", pool, " ", digest ? hex(*digest) : "", "\n"});
}

// Reads a descriptor line by line; a last line without its end is not given.
class LineReader {
public:
    explicit LineReader(int descriptor) : descriptor_(descriptor) {}

    // The next line without its end; none at the end of the file, after an error, or if no line ends within 4 KiB.
    std::optional<std::string_view> next() {
        for (;;) {
            const auto end = buffer_.find('\n', start_);
            if (end != std::string::npos) {
                const auto line = std::string_view(buffer_).substr(start_, end - start_);
                start_ = end + 1;
                complete_ += line.size() + 1;
                return line;
            }
            if (buffer_.size() - start_ > longest_line || !fill()) return std::nullopt;
        }
    }
    int error() const { return error_; }
    std::size_t complete() const { return complete_; }  // bytes in the lines given so far

private:
    bool fill() {
        buffer_.erase(0, start_);
        start_ = 0;
        const auto used = buffer_.size();
        buffer_.resize(used + (std::size_t{64} << 10U));
        ssize_t count = 0;
        do {
            count = ::read(descriptor_, buffer_.data() + used, buffer_.size() - used);
        } while (count < 0 && errno == EINTR);
        if (count < 0) error_ = errno;
        buffer_.resize(used + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        return count > 0;
    }

    int descriptor_;
    std::string buffer_;
    std::size_t start_ = 0, complete_ = 0;
    int error_ = 0;
};

}  // namespace

ResumeFile::Mark ResumeFile::mark_of(std::string_view url) {
    Mark mark{};
    const auto digest = sha256(nullptr, as_bytes(url));
    if (digest) std::copy_n(digest->begin(), mark.size(), mark.begin());
    return mark;
}

Outcome ResumeFile::write(std::string_view line) {
    const int error = support::write_all(file_.number(), line);
    return error == 0 ? Outcome::pass() : Outcome::fail(Reason::none, printable(path_), support::system_error(error));
}

Outcome ResumeFile::take_line(std::string_view line, const std::function<void(std::string_view)> &done_before) {
    const auto space = line.find(' ');
    if (space == std::string_view::npos || space == 0 || space + 1 == line.size())
        return Outcome::fail(Reason::none, printable(path_), "not a line of such a file: " + printable(line));
    done_.push_back(mark_of(line.substr(space + 1)));
    done_before(line.substr(0, space));
    return Outcome::pass();
}

Outcome ResumeFile::read(std::string_view header, const std::function<void(std::string_view)> &done_before) {
    LineReader lines(file_.number());
    const auto failed = [this](std::string detail) {
        return Outcome::fail(Reason::none, printable(path_), std::move(detail));
    };
    const auto first = lines.next();
    if (lines.error() != 0) return failed(support::system_error(lines.error()));
    if (!first && ::lseek(file_.number(), 0, SEEK_END) == 0) return write(header);
    if (!first || !first->starts_with(magic)) return failed("not a file that -resume made");
    if (concat({*first, "\n"}) != header)
        return failed("it is about another pool, or other policy or trust settings; give another file");
    while (const auto line = lines.next())
        if (auto taken = take_line(*line, done_before); !taken.passed()) return taken;
    if (lines.error() != 0) return failed(support::system_error(lines.error()));
    if (::ftruncate(file_.number(), static_cast<off_t>(lines.complete())) != 0)
        return failed(support::system_error(errno));
    std::ranges::sort(done_);
    return Outcome::pass();
}

Result<ResumeFile> ResumeFile::open(const std::string &path, std::string_view pool, std::string_view settings,
                                    const std::function<void(std::string_view outcome)> &done_before) {
    support::Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600));
    if (!file.valid()) return Failure{Reason::none, printable(path), support::system_error(errno)};
    if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0)
        return Failure{Reason::none, printable(path),
                       errno == EWOULDBLOCK ? "another run is using it" : support::system_error(errno)};
    ResumeFile resume(path, std::move(file));
    auto read = resume.read(header_line(pool, settings), done_before);
    if (!read.passed()) return Failure{read.reason, read.subject, read.detail};
    return resume;
}

bool ResumeFile::is_done(std::string_view url) const { return std::ranges::binary_search(done_, mark_of(url)); }

Outcome ResumeFile::add(std::string_view outcome, std::string_view url) {
    return write(concat({outcome, " ", url, "\n"}));
}

}  // namespace mhsm::cli
