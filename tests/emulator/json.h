// JSON and base64url of what clients send.
#pragma once

#include <cjson/cJSON.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "keys.h"
#include "scene.h"

namespace emulator {

using Json = std::unique_ptr<cJSON, forge::Deleter<cJSON_Delete>>;

Json parse_json(const std::string &text);                             // null if it is none
std::string quote_json(const std::string &text);                      // with escapes
std::string text_member(const cJSON *object, const char *name);       // empty if it is absent or no string
double number_member(const cJSON *object, const char *name);          // 0 if it is absent or no number
std::optional<forge::Bytes> decode_base64url(std::string_view text);  // unpadded

}  // namespace emulator
