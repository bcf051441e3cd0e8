// Bounded reading of files, pipes and standard input.
#pragma once

#include <cstddef>
#include <string>

#include "core/reader.h"
#include "core/result.h"

namespace mhsm::cli {

// Reads at most `limit` bytes of `path` ("-": standard input) and leaves the rest unread.
// A Failure names the file in `subject` and the cause in `detail`.
Result<Bytes> read_at_most(const std::string &path, std::size_t limit);

// Reads a whole file that an option names; one larger than any of them needs to be is a Failure.
Result<Bytes> read_small_file(const std::string &path);

}  // namespace mhsm::cli
