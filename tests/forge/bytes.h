// Byte strings and the few encodings that evidence is made of.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace forge {

using Bytes = std::vector<std::uint8_t>;

Bytes to_bytes(std::string_view text);
std::string to_text(const Bytes &bytes);
Bytes filled(std::size_t count, std::uint8_t value);
Bytes padded(std::string_view text, std::size_t size);  // NULs after the text
void append(Bytes &target, const Bytes &more);

Bytes be16(std::uint16_t value);
Bytes be32(std::uint32_t value);
void put_be32(Bytes &target, std::size_t offset, std::uint32_t value);
std::uint32_t get_be32(const Bytes &source, std::size_t offset);

std::string hex(const Bytes &bytes);
std::string base64(const Bytes &bytes);     // standard alphabet, padded, one line
std::string base64url(const Bytes &bytes);  // unpadded
std::string pem(std::string_view label, const Bytes &der);
Bytes sha256(const Bytes &bytes);

// Pseudo-random bytes that depend on `seed` and `label` only.
Bytes derived(std::uint64_t seed, std::string_view label, std::size_t count);

}  // namespace forge
