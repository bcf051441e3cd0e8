// Small files and streams, read whole and never beyond a limit.
#pragma once

#include <string>

#include "core/verify.h"

namespace mhsm::provider {

// No evidence comes near it (about 12 KB); nothing larger is read.
inline constexpr std::size_t evidence_limit = std::size_t{256} << 10U;
inline constexpr std::size_t config_file_limit = std::size_t{1} << 20U;

// Bytes that may be somebody's secret: wiped when they go.
class Sensitive {
public:
    explicit Sensitive(std::size_t size) : bytes_(size) {}
    ~Sensitive();
    Sensitive(const Sensitive &) = delete;
    Sensitive &operator=(const Sensitive &) = delete;

    std::uint8_t *data() { return bytes_.data(); }
    std::size_t capacity() const { return bytes_.size(); }
    void set_used(std::size_t used) { used_ = used; }
    ByteView view() const { return ByteView(bytes_).first(used_); }

private:
    Bytes bytes_;
    std::size_t used_ = 0;
};

// The whole file of at most `limit` bytes; else the words of the operating system, or "larger than ...".
struct FileContent {
    Bytes bytes;
    std::string error;  // empty: read
};
FileContent read_file(const std::string &path, std::size_t limit);

}  // namespace mhsm::provider
