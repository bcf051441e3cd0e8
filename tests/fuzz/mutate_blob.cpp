#include "mutate_blob.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "bytes.h"
#include "property.h"

namespace mhsm::fuzz {
namespace {

struct Entry {
    std::uint32_t type = 0, length = 0;
    Bytes value;
};

struct Object {
    std::uint32_t handle = 0;
    std::vector<Entry> entries;
    Bytes slack;  // what the object reserves beyond its attributes
};

// A blob taken apart: the words before the objects, the objects, what follows.
struct Parts {
    bool firmware3 = false;
    Bytes before, after;
    std::vector<Object> objects;
};

std::optional<Object> take_object(Reader &reader) {
    const auto handle = reader.u32(), count = reader.u32(), size = reader.u32();
    const auto body = size ? reader.take(*size) : std::nullopt;
    if (!body) return std::nullopt;
    Object object{*handle, {}, {}};
    Reader attributes(*body);
    for (std::uint32_t i = 0; i < *count && attributes.remaining() >= 8; ++i) {
        Entry entry{*attributes.u32(), *attributes.u32(), {}};
        const auto value = attributes.take(entry.length == 0xffffffff ? 0 : entry.length);
        if (!value) return std::nullopt;
        entry.value.assign(value->begin(), value->end());
        object.entries.push_back(std::move(entry));
    }
    const auto slack = body->subspan(attributes.position());
    object.slack.assign(slack.begin(), slack.end());
    return object;
}

Bytes copy(const std::optional<ByteView> &view) { return view ? Bytes(view->begin(), view->end()) : Bytes{}; }

std::optional<Parts> take_apart(ByteView data) {
    constexpr std::size_t firmware2_header = 16, firmware3_header = 16, buffer_header = 8;
    Parts parts;
    Reader reader(data);
    parts.before = copy(reader.take(firmware2_header));
    if (parts.before.empty()) return std::nullopt;
    parts.firmware3 = !all_zero(parts.before);
    if (!parts.firmware3) {
        reader.u32();
    } else {
        const auto buffer = forge::get_be32(parts.before, firmware3_header - 4);
        if (buffer > reader.remaining() || buffer < buffer_header) return std::nullopt;
        const auto handles = copy(reader.take(reader.remaining() - buffer));
        forge::append(parts.before, handles);
        forge::append(parts.before, copy(reader.take(buffer_header)));
    }
    while (auto object = take_object(reader)) {
        parts.objects.push_back(std::move(*object));
        if (!parts.firmware3 || parts.objects.size() == 2) break;
    }
    parts.after = copy(reader.take(reader.remaining()));
    return parts.objects.empty() ? std::nullopt : std::optional(std::move(parts));
}

Bytes encode(const Object &object) {
    Bytes body;
    for (const auto &entry : object.entries) {
        forge::append(body, forge::be32(entry.type));
        forge::append(body, forge::be32(entry.length));
        forge::append(body, entry.value);
    }
    forge::append(body, object.slack);
    Bytes encoded = forge::be32(object.handle);
    forge::append(encoded, forge::be32(static_cast<std::uint32_t>(object.entries.size())));
    forge::append(encoded, forge::be32(static_cast<std::uint32_t>(body.size())));
    forge::append(encoded, body);
    return encoded;
}

// With all sizes and offsets as the objects now need them.
Bytes put_together(const Parts &parts, std::size_t signature_size) {
    constexpr std::size_t buffer_header = 8;
    Bytes objects;
    std::vector<std::size_t> offsets;
    for (const auto &object : parts.objects) {
        offsets.push_back(buffer_header + objects.size());
        forge::append(objects, encode(object));
    }
    Bytes data = parts.before;
    if (!parts.firmware3) {
        forge::append(data, forge::be32(static_cast<std::uint32_t>(objects.size())));
    } else {
        const auto buffer = buffer_header + objects.size() + parts.after.size();
        const auto total = data.size() - buffer_header + buffer + signature_size;
        forge::put_be32(data, 8, static_cast<std::uint32_t>(total));
        forge::put_be32(data, 12, static_cast<std::uint32_t>(buffer));
        const auto second = offsets.size() > 1 ? offsets[1] : 0;
        forge::put_be32(data, data.size() - 4, static_cast<std::uint32_t>(offsets[0] << 16U | (second & 0xffffU)));
    }
    forge::append(data, objects);
    forge::append(data, parts.after);
    return data;
}

void mutate_entry(std::vector<Entry> &entries, Chance &chance) {
    if (entries.empty()) return;
    const auto at = chance() % entries.size();
    auto &entry = entries[at];
    switch (chance() % 7) {
        case 0:
            entry.value = mutate_bytes(entry.value, 4);
            entry.length = static_cast<std::uint32_t>(entry.value.size());
            break;
        case 1: entry.type = entries[chance() % entries.size()].type; break;
        case 2: entry.type ^= 1U << (chance() % 32); break;
        case 3: entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(at)); break;
        case 4:
            entries.insert(entries.begin() + static_cast<std::ptrdiff_t>(chance() % entries.size()), Entry(entry));
            break;
        case 5:
            entry.length = 0xffffffff;
            entry.value.clear();
            break;
        default:
            if (!entry.value.empty()) entry.value.back() ^= 1U;  // booleans and classes are one byte
    }
}

}  // namespace

Bytes mutate_bytes(Bytes bytes, std::size_t growth) {
    const auto used = bytes.size();
    bytes.resize(used + growth);
    bytes.resize(LLVMFuzzerMutate(bytes.data(), used, bytes.size()));
    return bytes;
}

Bytes mutate_blob(const Bytes &blob, std::size_t signature_size, Chance &chance) {
    if (blob.size() <= signature_size) return mutate_bytes(blob, 64);
    const ByteView view(blob);
    auto parts = take_apart(view.first(blob.size() - signature_size));
    if (!parts || chance() % 8 == 0) return mutate_bytes(blob, 64);
    auto &object = parts->objects[chance() % parts->objects.size()];
    for (auto changes = 1 + chance() % 3; changes > 0; --changes) mutate_entry(object.entries, chance);
    Bytes changed = put_together(*parts, signature_size);
    forge::append(changed, copy(view.last(signature_size)));
    return changed;
}

}  // namespace mhsm::fuzz
