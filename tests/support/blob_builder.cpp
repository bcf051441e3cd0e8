#include "blob_builder.h"

namespace mhsm::test {

void append_u16(Bytes &target, std::uint32_t value) {
    target.push_back(static_cast<std::uint8_t>(value >> 8U));
    target.push_back(static_cast<std::uint8_t>(value));
}

void append_u32(Bytes &target, std::uint32_t value) {
    append_u16(target, value >> 16U);
    append_u16(target, value);
}

void append(Bytes &target, ByteView more) { target.insert(target.end(), more.begin(), more.end()); }

void overwrite_u16(Bytes &target, std::size_t offset, std::uint32_t value) {
    target.at(offset) = static_cast<std::uint8_t>(value >> 8U);
    target.at(offset + 1) = static_cast<std::uint8_t>(value);
}

void overwrite_u32(Bytes &target, std::size_t offset, std::uint32_t value) {
    overwrite_u16(target, offset, value >> 16U);
    overwrite_u16(target, offset + 2, value);
}

Bytes padded(std::string_view text, std::size_t size) {
    Bytes bytes(text.begin(), text.end());
    bytes.resize(size);
    return bytes;
}

Bytes ObjectSpec::bytes() const {
    constexpr std::uint32_t not_available = 0xffffffff;
    Bytes body;
    for (const auto &attribute : attributes) {
        append_u32(body, attribute.type);
        append_u32(body, attribute.value ? static_cast<std::uint32_t>(attribute.value->size()) : not_available);
        if (attribute.value) append(body, *attribute.value);
    }
    body.resize(body.size() + slack);
    Bytes all;
    append_u32(all, handle);
    append_u32(all, count.value_or(static_cast<std::uint32_t>(attributes.size())));
    append_u32(all, size.value_or(static_cast<std::uint32_t>(body.size())));
    append(all, body);
    return all;
}

Bytes firmware2(const ObjectSpec &object, std::size_t padding) {
    const auto encoded = object.bytes();
    Bytes blob(16);
    append_u32(blob, static_cast<std::uint32_t>(encoded.size()));
    append(blob, encoded);
    blob.resize(blob.size() + padding);
    blob.resize(blob.size() + signature_size, 0xaa);
    return blob;
}

Bytes Firmware3::bytes() const {
    constexpr std::uint32_t buffer_header = 8;
    Bytes content;
    std::vector<std::uint32_t> offsets;
    for (const auto &object : objects) {
        if (!offsets.empty()) content.resize(content.size() + gap);
        offsets.push_back(buffer_header + static_cast<std::uint32_t>(content.size()));
        append(content, object.bytes());
    }
    content.resize(content.size() + tail);
    offsets.resize(2);

    const auto buffer_size = buffer_header + static_cast<std::uint32_t>(content.size());
    const auto right_total = static_cast<std::uint32_t>(buffer_offset() + buffer_size + signature_size);
    Bytes blob;
    for (const auto word : {response, flags, total.value_or(right_total), buffer.value_or(buffer_size)})
        append_u32(blob, word);
    for (const auto handle : handles) {
        append_u32(blob, 0);
        append_u32(blob, handle);
    }
    for (const auto word : {version, object_flags, first.value_or(offsets[0]), second.value_or(offsets[1])})
        append_u16(blob, word);
    append(blob, content);
    blob.resize(blob.size() + signature_size, 0xaa);
    return blob;
}

}  // namespace mhsm::test
