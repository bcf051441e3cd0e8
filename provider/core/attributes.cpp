#include "attributes.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace mhsm {
namespace {

struct AttributeInfo {
    std::uint32_t type;
    std::string_view name;
    AttributeKind kind;
};

constexpr auto known_attributes = std::to_array<AttributeInfo>({
#define ATTRIBUTE(symbol, number, kind) {number, "CKA_" #symbol, AttributeKind::kind},
#include "attributes.def"
#undef ATTRIBUTE
});

const AttributeInfo *find_info(std::uint32_t type) {
    const auto found = std::ranges::find(known_attributes, type, &AttributeInfo::type);
    return found != known_attributes.end() ? &*found : nullptr;
}

constexpr std::size_t max_number_size = 4;

std::optional<std::uint32_t> to_number(ByteView value) {
    if (value.empty() || value.size() > max_number_size) return std::nullopt;
    std::uint32_t number = 0;
    for (const auto byte : value) number = (number << 8U) | byte;
    return number;
}

bool says_not_available(ByteView value) {
    return value.size() == max_number_size && std::ranges::all_of(value, [](auto byte) { return byte == 0xff; });
}

std::string render_boolean(ByteView value) {
    if (value.size() == 1 && value[0] == 0) return "false";
    if (value.size() == 1 && value[0] == 1) return "true";
    return "neither true nor false: 0x" + hex(value);
}

std::string_view class_word(std::uint32_t number) {
    switch (number) {
        case 2: return "CKO_PUBLIC_KEY";
        case 3: return "CKO_PRIVATE_KEY";
        case 4: return "CKO_SECRET_KEY";
        default: return "";
    }
}

std::string_view key_type_word(std::uint32_t number) {
    switch (number) {
        case 0x00: return "CKK_RSA";
        case 0x03: return "CKK_EC";
        case 0x1f: return "CKK_AES";
        default: return "";
    }
}

std::string_view mechanism_word(std::uint32_t number) {
    switch (number) {
        case 0x0000: return "CKM_RSA_PKCS_KEY_PAIR_GEN";
        case 0x000a: return "CKM_RSA_X9_31_KEY_PAIR_GEN";
        case 0x1040: return "CKM_EC_KEY_PAIR_GEN";
        case 0x1080: return "CKM_AES_KEY_GEN";
        default: return "";
    }
}

std::string render_number(AttributeKind kind, ByteView value) {
    const auto number = to_number(value);
    if (!number) return "malformed: 0x" + hex(value);
    const auto word = kind == AttributeKind::object_class ? class_word(*number)
                      : kind == AttributeKind::key_type   ? key_type_word(*number)
                      : kind == AttributeKind::mechanism  ? mechanism_word(*number)
                                                          : std::string_view{};
    return word.empty() ? std::to_string(*number) : std::string(word);
}

void append_escaped(std::string &text, unsigned char byte) {
    constexpr std::string_view digits = "0123456789abcdef";
    text += "\\x";
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
}

std::string escape(std::string_view raw, bool double_backslash) {
    std::string text;
    text.reserve(raw.size());
    for (const char c : raw) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte >= 0x7f)
            append_escaped(text, byte);
        else if (c == '\\' && double_backslash)
            text += "\\\\";
        else
            text += c;
    }
    return text;
}

}  // namespace

std::string attribute_name(std::uint32_t type) {
    const auto *info = find_info(type);
    return info != nullptr ? std::string(info->name) : attribute_number(type);
}

std::string attribute_number(std::uint32_t type) {
    char text[16];
    static_cast<void>(std::snprintf(text, sizeof text, "0x%08x", type));
    return text;
}

AttributeKind attribute_kind(std::uint32_t type) {
    const auto *info = find_info(type);
    return info != nullptr ? info->kind : AttributeKind::unknown;
}

std::optional<ByteView> find_value(const BlobObject &object, std::uint32_t type) {
    const auto found = std::ranges::find(object.attributes, type, &RawAttribute::type);
    if (found == object.attributes.end() || !found->value || says_not_available(*found->value)) return std::nullopt;
    return found->value;
}

Tri read_boolean(const BlobObject &object, std::uint32_t type) {
    const auto value = find_value(object, type);
    if (!value) return Tri::absent;
    if (value->size() != 1 || (*value)[0] > 1) return Tri::malformed;
    return (*value)[0] == 1 ? Tri::yes : Tri::no;
}

Result<std::optional<std::uint32_t>> read_number(const BlobObject &object, std::uint32_t type) {
    const auto value = find_value(object, type);
    if (!value) return std::optional<std::uint32_t>{};
    const auto number = to_number(*value);
    if (!number) return Failure{Reason::object_attribute_malformed, {}, attribute_name(type) + " = 0x" + hex(*value)};
    return number;
}

std::string render_value(const RawAttribute &attribute) {
    const auto kind = attribute_kind(attribute.type);
    // What a value of a vendor's own attribute means is not known.
    if (!attribute.value || (kind != AttributeKind::unknown && says_not_available(*attribute.value)))
        return "not available";
    switch (kind) {
        case AttributeKind::boolean: return render_boolean(*attribute.value);
        case AttributeKind::text: return trim_and_escape(*attribute.value);
        case AttributeKind::number:
        case AttributeKind::object_class:
        case AttributeKind::key_type:
        case AttributeKind::mechanism: return render_number(kind, *attribute.value);
        case AttributeKind::bytes:
        case AttributeKind::unknown: break;
    }
    return hex(*attribute.value);
}

std::string printable(std::string_view text) { return is_printable(text) ? std::string(text) : escape(text, false); }

bool is_printable(std::string_view text) {
    unsigned special = 0;  // looked for without branches: there is hardly ever one
    for (const char c : text) special |= static_cast<unsigned>((c < ' ') | (c > '~'));
    return special == 0;
}

std::string escape_text(std::string_view text) { return escape(text, true); }

std::string trim_and_escape(ByteView padded) {
    const auto text = as_text(padded);
    const auto last = text.find_last_not_of('\0');
    return escape_text(last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1));
}

}  // namespace mhsm
