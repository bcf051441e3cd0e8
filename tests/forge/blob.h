// Writers of the two firmware layouts. They write what they are told; whether it makes sense is the caller's choice.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bytes.h"

namespace forge {

enum class Layout { firmware2, firmware3 };

struct Attribute {
    std::uint32_t type = 0;
    std::optional<Bytes> value;  // none: length ffffffff and no bytes
};

struct Object {
    std::uint32_t handle = 0;
    std::vector<Attribute> attributes;

    Bytes &value(std::uint32_t type);  // throws std::out_of_range if absent
    void set(std::uint32_t type, Bytes value) { this->value(type) = std::move(value); }
    void erase(std::uint32_t type);
    // Puts the attribute behind all others.
    void move_to_end(std::uint32_t type);
};

// count x { type, length, value }
Bytes encode_attributes(const std::vector<Attribute> &attributes);

// Everything before the signature. `slack` zero bytes are counted in the sizes but belong to no attribute,
// `padding` zero bytes follow the object.
Bytes firmware2_data(const Object &object, std::size_t slack, std::size_t padding);

// Everything before the signature of `signature_size` bytes: one or two objects, one behind the other.
Bytes firmware3_data(const std::vector<Object> &objects, std::size_t signature_size);

// Where things are, for mutations.
inline constexpr std::size_t firmware2_size = 16, firmware2_count = 24, firmware2_attributes_size = 28,
                             firmware2_attributes = 32;
// Offset of the buffer (object version, flags, offsets) in firmware 3.x data of `objects` objects.
constexpr std::size_t firmware3_buffer(std::size_t objects) { return 16 + 8 * objects; }

}  // namespace forge
