#include "blob.h"

#include <algorithm>
#include <stdexcept>

namespace forge {
namespace {

std::uint32_t u32(std::size_t value) { return static_cast<std::uint32_t>(value); }

Bytes encode_object(const Object &object, std::size_t slack) {
    const Bytes attributes = encode_attributes(object.attributes);
    Bytes result = be32(object.handle);
    append(result, be32(u32(object.attributes.size())));
    append(result, be32(u32(attributes.size() + slack)));
    append(result, attributes);
    append(result, filled(slack, 0));
    return result;
}

}  // namespace

Bytes &Object::value(std::uint32_t type) {
    for (auto &attribute : attributes)
        if (attribute.type == type && attribute.value) return *attribute.value;
    throw std::out_of_range("no such attribute");
}

void Object::erase(std::uint32_t type) {
    const auto before = attributes.size();
    std::erase_if(attributes, [type](const Attribute &attribute) { return attribute.type == type; });
    if (attributes.size() == before) throw std::out_of_range("no such attribute");
}

void Object::move_to_end(std::uint32_t type) {
    std::stable_partition(attributes.begin(), attributes.end(),
                          [type](const Attribute &attribute) { return attribute.type != type; });
}

Bytes encode_attributes(const std::vector<Attribute> &attributes) {
    Bytes result;
    for (const auto &attribute : attributes) {
        append(result, be32(attribute.type));
        append(result, be32(attribute.value ? u32(attribute.value->size()) : 0xffffffffU));
        if (attribute.value) append(result, *attribute.value);
    }
    return result;
}

Bytes firmware2_data(const Object &object, std::size_t slack, std::size_t padding) {
    const Bytes body = encode_object(object, slack);
    Bytes result = filled(16, 0);
    append(result, be32(u32(body.size())));
    append(result, body);
    append(result, filled(padding, 0));
    return result;
}

Bytes firmware3_data(const std::vector<Object> &objects, std::size_t signature_size) {
    constexpr std::size_t buffer_header = 8;
    Bytes entries, bodies;
    std::vector<std::size_t> offsets;
    for (const auto &object : objects) {
        append(entries, be32(0));
        append(entries, be32(object.handle));
        offsets.push_back(buffer_header + bodies.size());
        append(bodies, encode_object(object, 0));
    }
    offsets.resize(std::max<std::size_t>(offsets.size(), 2), 0);
    const std::size_t buffer_size = buffer_header + bodies.size();

    Bytes result = be32(0);
    append(result, be32(3));
    append(result, be32(u32(16 + entries.size() + buffer_size + signature_size)));
    append(result, be32(u32(buffer_size)));
    append(result, entries);
    append(result, be16(1));
    append(result, be16(3));
    for (const auto offset : {offsets[0], offsets[1]}) append(result, be16(static_cast<std::uint16_t>(offset)));
    append(result, bodies);
    return result;
}

}  // namespace forge
