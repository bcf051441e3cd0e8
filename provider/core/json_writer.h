// Building JSON with cJSON so that nothing is ever silently left out: running out of memory throws std::bad_alloc.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json.h"

namespace mhsm {

JsonPtr make_object();
void put(cJSON *object, const char *name, std::string_view text);
void put_unless_empty(cJSON *object, const char *name, std::string_view text);
void put_bool(cJSON *object, const char *name, const std::optional<bool> &value);  // nothing if it has no value
void put_number(cJSON *object, const char *name, double value);
void put_null(cJSON *object, const char *name);
cJSON *put_object(cJSON *object, const char *name);  // owned by `object`, as are the next two
cJSON *put_array(cJSON *object, const char *name);
cJSON *append_object(cJSON *array);

// With two spaces of indentation, or on one line; no final newline.
std::string to_text(const cJSON *root, bool pretty);

}  // namespace mhsm
