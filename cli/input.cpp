#include "input.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "descriptor.h"
#include "diagnostics.h"

namespace mhsm::cli {
namespace {

constexpr std::size_t small_file_limit = std::size_t{1} << 20U;
constexpr std::size_t first_chunk = std::size_t{16} << 10U;

// Fills `bytes` up to `limit`; the errno of the read that failed, or 0.
int read_descriptor(int descriptor, std::size_t limit, Bytes &bytes) {
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

}  // namespace

Result<Bytes> read_at_most(const std::string &path, std::size_t limit) {
    const bool standard_input = path == "-";
    const std::string name = standard_input ? "<stdin>" : printable(path);
    Descriptor file(-1);
    if (!standard_input) {
        do {
            file = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
        } while (!file.valid() && errno == EINTR);
        if (!file.valid()) return Failure{Reason::none, name, system_error(errno)};
    }
    Bytes bytes;
    const int error = read_descriptor(standard_input ? STDIN_FILENO : file.number(), limit, bytes);
    if (error != 0) return Failure{Reason::none, name, system_error(error)};
    return bytes;
}

Result<Bytes> read_small_file(const std::string &path) {
    auto bytes = read_at_most(path, small_file_limit + 1);
    if (bytes && bytes->size() > small_file_limit)
        return Failure{Reason::none, printable(path), "larger than 1 MiB, which no such file needs"};
    return bytes;
}

}  // namespace mhsm::cli
