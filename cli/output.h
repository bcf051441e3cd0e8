// Writing to standard output and to files that are replaced whole or not at all.
#pragma once

#include <memory>
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

// The same for a text that is not known at once.
class OutputStream {
public:
    // `append` writes to a file as it is, after what it holds.
    enum class Mode { replace, append };
    // Opens `path` ("-": standard output).
    static Result<OutputStream> open(const std::string &path, Mode mode = Mode::replace);
    OutputStream(OutputStream &&) noexcept;
    OutputStream &operator=(OutputStream &&) noexcept;
    OutputStream(const OutputStream &) = delete;
    OutputStream &operator=(const OutputStream &) = delete;
    ~OutputStream();  // without finish() nothing becomes of a regular file

    bool at_start() const;  // whether nothing is before what is written
    Outcome write(std::string_view text);
    // Puts a regular file in its place, and tells what only close(2) tells.
    Outcome finish();

private:
    class Target;
    OutputStream(std::string name, std::unique_ptr<Target> target);
    Outcome outcome(int error) const;

    std::string name_;
    std::unique_ptr<Target> target_;
};

// Best effort: there is nowhere to report a failure to.
void write_stderr(std::string_view text);

}  // namespace mhsm::cli
