#include "json.h"

#include <openssl/evp.h>

#include <algorithm>

namespace emulator {

Json parse_json(const std::string &text) {
    return Json(cJSON_ParseWithLengthOpts(text.data(), text.size() + 1, nullptr, 1));
}

std::string quote_json(const std::string &text) {
    const Json string(cJSON_CreateString(text.c_str()));
    const std::unique_ptr<char, forge::Deleter<cJSON_free>> printed(cJSON_PrintUnformatted(string.get()));
    forge::require(printed != nullptr, "cannot print JSON");
    return printed.get();
}

std::string text_member(const cJSON *object, const char *name) {
    const cJSON *const found = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(found) ? found->valuestring : "";
}

double number_member(const cJSON *object, const char *name) {
    const cJSON *const found = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(found) ? found->valuedouble : 0;
}

std::optional<forge::Bytes> decode_base64url(std::string_view text) {
    std::string standard(text);
    if (standard.find_first_of("+/=") != std::string::npos) return std::nullopt;
    std::replace(standard.begin(), standard.end(), '-', '+');
    std::replace(standard.begin(), standard.end(), '_', '/');
    const std::size_t padding = (4 - standard.size() % 4) % 4;
    standard.append(padding, '=');
    forge::Bytes bytes(standard.size() / 4 * 3);
    const int size = EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char *>(standard.data()),
                                     static_cast<int>(standard.size()));
    if (size < 0 || static_cast<std::size_t>(size) < padding) return std::nullopt;
    bytes.resize(static_cast<std::size_t>(size) - padding);
    return bytes;
}

}  // namespace emulator
