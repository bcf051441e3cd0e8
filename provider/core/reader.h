// A bounds-checked cursor over bytes from outside: the only pointer arithmetic in the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace mhsm {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char *>(bytes.data()), bytes.size()}; }

// Bytes that live as long as their owner does.
struct SharedBytes {
    std::shared_ptr<const void> owner;
    ByteView bytes;
};
inline SharedBytes share(Bytes bytes) {
    const auto owner = std::make_shared<const Bytes>(std::move(bytes));
    return {owner, *owner};
}

inline bool all_zero(ByteView bytes) {
    // All of them, so that the compiler may look at many at once.
    unsigned seen = 0;
    for (const auto byte : bytes) seen |= byte;
    return seen == 0;
}

// Reads big-endian fields front to back. Every read either succeeds whole or consumes nothing.
class Reader {
public:
    explicit Reader(ByteView data) : data_(data) {}

    std::size_t remaining() const { return data_.size() - position_; }
    std::size_t position() const { return position_; }

    std::optional<ByteView> take(std::size_t count) {
        if (count > remaining()) return std::nullopt;
        const auto view = data_.subspan(position_, count);
        position_ += count;
        return view;
    }
    std::optional<std::uint16_t> u16() { return number<std::uint16_t>(); }
    std::optional<std::uint32_t> u32() { return number<std::uint32_t>(); }

private:
    template <class T>
    std::optional<T> number() {
        const auto view = take(sizeof(T));
        if (!view) return std::nullopt;
        T value = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>((value << 8U) | (*view)[i]);
        return value;
    }

    ByteView data_;
    std::size_t position_ = 0;
};

}  // namespace mhsm
