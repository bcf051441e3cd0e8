// PKCS#11 attributes as the HSM states them: names, kinds, and typed reading without guesses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "blob.h"

namespace mhsm {

// PKCS#11 v2.40 and vendor attribute numbers (attributes.def).
namespace cka {
#define ATTRIBUTE(symbol, number, kind) inline constexpr std::uint32_t symbol = number;
#include "attributes.def"
#undef ATTRIBUTE
}  // namespace cka

enum class AttributeKind { boolean, number, bytes, text, object_class, key_type, mechanism, unknown };

// "CKA_EXTRACTABLE", or "0x80000174" for a number without a public name.
std::string attribute_name(std::uint32_t type);
// "0x00000162"
std::string attribute_number(std::uint32_t type);
AttributeKind attribute_kind(std::uint32_t type);

// An absent attribute is neither true nor false, and so is a malformed one.
enum class Tri { absent, malformed, no, yes };
Tri read_boolean(const BlobObject &object, std::uint32_t type);

// The raw value; none if absent or "not available": -1 as length, or as value of four bytes.
std::optional<ByteView> find_value(const BlobObject &object, std::uint32_t type);

// A number of 1 to 4 big-endian bytes. Absent: no value and ok; malformed: a Failure.
Result<std::optional<std::uint32_t>> read_number(const BlobObject &object, std::uint32_t type);

// The value as a person reads it, safe for a terminal.
std::string render_value(const RawAttribute &attribute);

// Everything but printable ASCII as \xHH; safe for a terminal, and idempotent.
std::string printable(std::string_view text);
bool is_printable(std::string_view text);  // printable() would not change it
// The same for one signed text value: backslashes doubled, so that nothing can pose as an escape.
std::string escape_text(std::string_view text);
std::string trim_and_escape(ByteView padded);

}  // namespace mhsm
