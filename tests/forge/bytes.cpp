#include "bytes.h"

#include <openssl/evp.h>

#include <algorithm>
#include <stdexcept>

namespace forge {

Bytes to_bytes(std::string_view text) { return {text.begin(), text.end()}; }

std::string to_text(const Bytes &bytes) { return {bytes.begin(), bytes.end()}; }

Bytes filled(std::size_t count, std::uint8_t value) { return Bytes(count, value); }

Bytes padded(std::string_view text, std::size_t size) {
    Bytes result = to_bytes(text);
    if (result.size() > size) throw std::length_error("text longer than its field");
    result.resize(size, 0);
    return result;
}

void append(Bytes &target, const Bytes &more) { target.insert(target.end(), more.begin(), more.end()); }

Bytes be16(std::uint16_t value) {
    return {static_cast<std::uint8_t>(value >> 8U), static_cast<std::uint8_t>(value & 0xffU)};
}

Bytes be32(std::uint32_t value) {
    Bytes result = be16(static_cast<std::uint16_t>(value >> 16U));
    append(result, be16(static_cast<std::uint16_t>(value & 0xffffU)));
    return result;
}

void put_be32(Bytes &target, std::size_t offset, std::uint32_t value) {
    for (const auto byte : be32(value)) target.at(offset++) = byte;
}

std::uint32_t get_be32(const Bytes &source, std::size_t offset) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = (value << 8U) | source.at(offset + i);
    return value;
}

std::string hex(const Bytes &bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string result;
    for (const auto byte : bytes) {
        result += digits[byte >> 4U];
        result += digits[byte & 15U];
    }
    return result;
}

std::string base64(const Bytes &bytes) {
    std::vector<unsigned char> text(4 * ((bytes.size() + 2) / 3) + 1);
    const int size = EVP_EncodeBlock(text.data(), bytes.data(), static_cast<int>(bytes.size()));
    return {text.begin(), text.begin() + size};
}

std::string base64url(const Bytes &bytes) {
    std::string text = base64(bytes);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.erase(std::find(text.begin(), text.end(), '='), text.end());
    return text;
}

std::string pem(std::string_view label, const Bytes &der) {
    const std::string text = base64(der);
    std::string result = "-----BEGIN " + std::string(label) + "-----\n";
    for (std::size_t at = 0; at < text.size(); at += 64) result += text.substr(at, 64) + "\n";
    return result + "-----END " + std::string(label) + "-----\n";
}

Bytes sha256(const Bytes &bytes) {
    Bytes digest(32);
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 is not available");
    return digest;
}

Bytes derived(std::uint64_t seed, std::string_view label, std::size_t count) {
    Bytes result;
    for (std::uint32_t block = 0; result.size() < count; ++block)
        append(result, sha256(to_bytes(std::to_string(seed) + "/" + std::to_string(block) + "/" + std::string(label))));
    result.resize(count);
    return result;
}

}  // namespace forge
