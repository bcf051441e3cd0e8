#include "byte_stream.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "diagnostics.h"
#include "interrupt.h"
#include "support/files.h"

namespace mhsm::cli {
namespace {

constexpr std::size_t usual_buffer = std::size_t{64} << 10U;

}  // namespace

Result<ByteStream> ByteStream::open(const std::string &path) {
    const bool standard_input = path == "-";
    support::Descriptor file = standard_input ? support::Descriptor(-1) : support::open_for_reading(path);
    if (!standard_input && !file.valid()) return Failure{Reason::none, printable(path), support::system_error(errno)};
    const int number = standard_input ? STDIN_FILENO : file.number();
    ByteStream stream(std::move(file), number);
    struct stat status {};
    if (::fstat(number, &status) == 0 && S_ISREG(status.st_mode))
        stream.total_ = static_cast<std::uint64_t>(status.st_size);
    return stream;
}

// Until there is something to read; false if an interrupt came first.
bool ByteStream::wait() {
    if (Interrupt::readable(number_, false)) return true;
    if (Interrupt::asked()) return false;
    if (on_wait_) on_wait_();
    // A wait can end for a signal that means nothing.
    while (!Interrupt::asked())
        if (Interrupt::readable(number_, true)) return true;
    return false;
}

void ByteStream::make_room() {
    if (buffer_ && end_ < capacity_) return;
    // What was taken may still be in use, so the rest moves into a buffer of its own.
    const auto rest = pending();
    capacity_ = std::max(usual_buffer, 2 * rest.size());
    auto fresh = std::make_shared_for_overwrite<char[]>(capacity_);
    std::ranges::copy(rest, fresh.get());
    begin_ = 0;
    end_ = rest.size();
    buffer_ = std::move(fresh);
}

bool ByteStream::fill() {
    if (at_end_) return false;
    make_room();
    while (wait()) {
        const auto count = ::read(number_, buffer_.get() + end_, capacity_ - end_);
        if (count > 0) {
            end_ += static_cast<std::size_t>(count);
            return true;
        }
        if (count == 0) break;
        if (errno == EINTR || errno == EAGAIN) continue;
        error_ = support::system_error(errno);
        break;
    }
    at_end_ = true;
    return false;
}

void ByteStream::consume(std::size_t count) {
    begin_ += count;
    position_ += count;
}

SharedBytes ByteStream::take(std::size_t count) {
    SharedBytes taken{buffer_, as_bytes(pending().substr(0, count))};
    consume(count);
    return taken;
}

bool ByteStream::skip(std::uint64_t count) {
    for (;;) {
        const auto now = std::min<std::uint64_t>(count, pending().size());
        consume(static_cast<std::size_t>(now));
        count -= now;
        if (count == 0) return true;
        if (!fill()) return false;
    }
}

}  // namespace mhsm::cli
