// What is read of a stream, and never beyond a limit.
#pragma once

#include "core/verify.h"

namespace mhsm::provider {

// What is read of a stream that may be anybody's; no evidence comes near it (about 12 KB).
inline constexpr std::size_t stream_limit = std::size_t{256} << 10U;

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

}  // namespace mhsm::provider
