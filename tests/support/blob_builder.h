// Writes blobs of both firmware layouts by hand, right or deliberately wrong.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "core/reader.h"

namespace mhsm::test {

void append_u16(Bytes &target, std::uint32_t value);
void append_u32(Bytes &target, std::uint32_t value);
void append(Bytes &target, ByteView more);
void overwrite_u16(Bytes &target, std::size_t offset, std::uint32_t value);
void overwrite_u32(Bytes &target, std::size_t offset, std::uint32_t value);
Bytes padded(std::string_view text, std::size_t size);  // NULs after the text

// One attribute; without a value: length ffffffff, no bytes.
struct Tlv {
    std::uint32_t type = 0;
    std::optional<Bytes> value;
};

// handle, count, size', attributes, slack. Count and size' are right unless set.
struct ObjectSpec {
    std::uint32_t handle = 0;
    std::vector<Tlv> attributes = {};
    std::size_t slack = 0;  // zero bytes inside size'
    std::optional<std::uint32_t> count = {}, size = {};

    Bytes bytes() const;
};

inline constexpr std::size_t signature_size = 256;

// Where the fields of 2.x are.
inline constexpr std::size_t fw2_size = 16, fw2_handle = 20, fw2_count = 24, fw2_inner_size = 28, fw2_attributes = 32;
Bytes firmware2(const ObjectSpec &object, std::size_t padding = 0);  // with 256 signature bytes of aa

// The same for 3.x: every field is right unless set.
struct Firmware3 {
    std::vector<ObjectSpec> objects = {};
    std::vector<std::uint32_t> handles = {};  // between header and buffer; a zero word before each, as real blobs have
    std::uint32_t response = 0, flags = 3;
    std::uint32_t version = 1, object_flags = 3;
    std::optional<std::uint32_t> total = {}, buffer = {}, first = {}, second = {};
    std::size_t gap = 0;   // zero bytes between the objects
    std::size_t tail = 0;  // zero bytes after the last

    Bytes bytes() const;
    std::size_t buffer_offset() const { return 16 + 8 * handles.size(); }
};

}  // namespace mhsm::test
