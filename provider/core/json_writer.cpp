#include "json_writer.h"

#include <new>

namespace mhsm {
namespace {

using JsonText = std::unique_ptr<char, Deleter<[](char *p) { cJSON_free(p); }>>;

cJSON *need(cJSON *item) {
    if (item == nullptr) throw std::bad_alloc();
    return item;
}

}  // namespace

JsonPtr make_object() { return JsonPtr(need(cJSON_CreateObject())); }

void put(cJSON *object, const char *name, std::string_view text) {
    need(cJSON_AddStringToObject(object, name, std::string(text).c_str()));
}

void put_unless_empty(cJSON *object, const char *name, std::string_view text) {
    if (!text.empty()) put(object, name, text);
}

void put_bool(cJSON *object, const char *name, const std::optional<bool> &value) {
    if (value) need(cJSON_AddBoolToObject(object, name, *value ? 1 : 0));
}

void put_number(cJSON *object, const char *name, double value) { need(cJSON_AddNumberToObject(object, name, value)); }
void put_null(cJSON *object, const char *name) { need(cJSON_AddNullToObject(object, name)); }
cJSON *put_object(cJSON *object, const char *name) { return need(cJSON_AddObjectToObject(object, name)); }
cJSON *put_array(cJSON *object, const char *name) { return need(cJSON_AddArrayToObject(object, name)); }

cJSON *append_object(cJSON *array) {
    JsonPtr item = make_object();
    if (cJSON_AddItemToArray(array, item.get()) == 0) throw std::bad_alloc();
    return item.release();
}

std::string to_text(const cJSON *root, bool pretty) {
    const JsonText printed(pretty ? cJSON_Print(root) : cJSON_PrintUnformatted(root));
    if (!printed) throw std::bad_alloc();
    // cJSON indents and separates with tabs; inside strings a tab is always escaped.
    std::string text;
    bool at_line_start = true;
    for (const char c : std::string_view(printed.get())) {
        if (c == '\t')
            text += at_line_start ? "  " : " ";
        else
            text += c;
        at_line_start = c == '\n' || (at_line_start && c == '\t');
    }
    return text;
}

}  // namespace mhsm
