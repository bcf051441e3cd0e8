// Files, read whole and never beyond a limit.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "core/reader.h"
#include "support/descriptor.h"

namespace mhsm::support {

// What is read of a file that is named as evidence, or by an option or setting.
inline constexpr std::size_t file_limit = std::size_t{1} << 20U;

std::string system_error(int number);  // an errno in the words of the operating system

// Opens `path` for reading, however often a signal interrupts; not valid: errno says why.
Descriptor open_for_reading(const std::string &path);

// The same for a regular file and nothing else, so that it neither blocks nor goes on forever; `status` is that of the
// file. Symbolic links are followed only if wanted. Not valid: errno says why, EINVAL that it is no regular file.
enum class Links { follow, refuse };
Descriptor open_regular_file(const std::string &path, Links links, struct stat &status);

// Fills `bytes` up to `limit`; the errno of the read that failed, or 0.
int read_descriptor(int descriptor, std::size_t limit, Bytes &bytes);

// A whole file, or why not.
struct FileContent {
    Bytes bytes;
    std::string error;       // in the words of the operating system; empty: read
    bool too_large = false;  // there is more than file_limit
};
FileContent read_file(const std::string &path);
FileContent read_regular_file(const std::string &path);  // refuses what is not one

// The errno of the write that failed, or 0.
int write_all(int descriptor, std::string_view text);

// A new file beside `target` that takes its place when it is whole: nobody ever sees a part of it, and on any error the
// old content stays. Each step returns the errno of what failed, also before, or 0.
class Replacement {
public:
    Replacement(const std::string &target, mode_t mode);
    ~Replacement();  // removes the file unless it was committed
    Replacement(const Replacement &) = delete;
    Replacement &operator=(const Replacement &) = delete;

    int error() const { return error_; }
    int write(std::string_view text);
    int commit();

private:
    std::string target_, path_;
    Descriptor file_{-1};
    bool created_ = false;
    int error_ = 0;
};

// The same for a text that is known as a whole.
int replace_file(const std::string &path, mode_t mode, std::string_view text);

}  // namespace mhsm::support
