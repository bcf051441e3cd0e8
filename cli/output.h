// Writing to standard output and to files that are replaced whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace mhsm::cli {

// Makes file descriptors 0 to 2 exist, so that no file opened later is taken for one of them.
// Reading or writing one that was closed still fails.
void secure_standard_descriptors();

// Writes `text` to `path` ("-": standard output). A regular file is written beside itself and renamed, so that
// on any error its old content stays; devices and pipes are written as they are.
// The outcome names the file in `subject` and the cause in `detail`.
Outcome write_output(const std::string &path, std::string_view text);

// Best effort: there is nowhere to report a failure to.
void write_stderr(std::string_view text);

}  // namespace mhsm::cli
