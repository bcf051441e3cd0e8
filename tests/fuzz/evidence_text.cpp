#include "evidence_text.h"

#include <openssl/pem.h>

#include "bytes.h"
#include "core/base64url.h"
#include "core/ossl.h"

namespace mhsm::fuzz {

std::optional<Span> find_member(std::string_view json, std::string_view name) {
    const auto key = "\"" + std::string(name) + "\":\"";
    const auto at = json.find(key);
    if (at == std::string_view::npos) return std::nullopt;
    const auto begin = at + key.size();
    const auto end = json.find('"', begin);
    if (end == std::string_view::npos) return std::nullopt;
    return Span{begin, end - begin};
}

std::optional<Bytes> decoded_member(std::string_view json, std::string_view name) {
    const auto span = find_member(json, name);
    if (!span) return std::nullopt;
    auto decoded = base64url_decode(json.substr(span->begin, span->size));
    return decoded ? std::optional(std::move(*decoded)) : std::nullopt;
}

void replace_member(std::string &json, std::string_view name, std::string_view text) {
    if (const auto span = find_member(json, name)) json.replace(span->begin, span->size, text);
}

void replace_decoded(std::string &json, std::string_view name, ByteView bytes) {
    replace_member(json, name, forge::base64url(Bytes(bytes.begin(), bytes.end())));
}

std::vector<std::string> pem_blocks(std::string_view bundle) {
    constexpr std::string_view first = "-----BEGIN", last = "-----END CERTIFICATE-----";
    std::vector<std::string> blocks;
    for (;;) {
        const auto begin = bundle.find(first);
        if (begin == std::string_view::npos) return blocks;
        const auto end = bundle.find(last, begin);
        if (end == std::string_view::npos) return blocks;
        blocks.emplace_back(bundle.substr(begin, end + last.size() - begin));
        blocks.back() += '\n';
        bundle.remove_prefix(end + last.size());
    }
}

std::optional<Bytes> pem_content(std::string_view block) {
    const ErrorScope errors;
    const auto bio = memory_bio(as_bytes(block));
    unsigned char *data = nullptr;
    long size = 0;
    if (!bio || PEM_bytes_read_bio(&data, &size, nullptr, PEM_STRING_X509, bio.get(), nullptr, nullptr) != 1)
        return std::nullopt;
    const std::unique_ptr<unsigned char, Deleter<[](void *p) { OPENSSL_free(p); }>> owner(data);
    return Bytes(data, data + size);
}

std::string pem_certificate(ByteView der) { return forge::pem("CERTIFICATE", Bytes(der.begin(), der.end())); }

}  // namespace mhsm::fuzz
