#include "input.h"

#include <cerrno>

#include "core/attributes.h"
#include "support/files.h"

namespace mhsm::cli {
Result<Bytes> read_at_most(const std::string &path, std::size_t limit) {
    const bool standard_input = path == "-";
    const std::string name = standard_input ? "<stdin>" : printable(path);
    support::Descriptor file(-1);
    if (!standard_input) {
        file = support::open_for_reading(path);
        if (!file.valid()) return Failure{Reason::none, name, support::system_error(errno)};
    }
    Bytes bytes;
    const int error = support::read_descriptor(standard_input ? STDIN_FILENO : file.number(), limit, bytes);
    if (error != 0) return Failure{Reason::none, name, support::system_error(error)};
    return bytes;
}

Result<Bytes> read_small_file(const std::string &path) {
    auto bytes = read_at_most(path, support::file_limit + 1);
    if (bytes && bytes->size() > support::file_limit)
        return Failure{Reason::none, printable(path), "larger than 1 MiB, which no such file needs"};
    return bytes;
}

}  // namespace mhsm::cli
