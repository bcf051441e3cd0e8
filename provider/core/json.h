// cJSON with the strictness it lacks: RFC 8259 grammar, UTF-8, no NUL, bounded depth, size and members.
#pragma once

#include <cjson/cJSON.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ossl.h"
#include "result.h"

namespace mhsm {

using JsonPtr = std::unique_ptr<cJSON, Deleter<cJSON_Delete>>;

struct JsonLimits {
    std::size_t bytes = std::size_t{1} << 20U;
    std::size_t depth = 16;      // nested arrays and objects
    std::size_t values = 16384;  // values of every kind, so that memory stays in proportion
};

// Parses one JSON object. A UTF-8 byte order mark before it is accepted, white space after it too.
// Fails with one of the json_* reasons.
Result<JsonPtr> parse_json_object(ByteView text, const JsonLimits &limits = {});

// A parsed object whose long strings stay where they are: an attestation is little else. The text that was parsed
// must outlive it.
class JsonDocument {
public:
    JsonDocument(JsonPtr root, std::vector<std::string_view> long_strings)
        : root_(std::move(root)), long_strings_(std::move(long_strings)) {}

    const cJSON *root() const { return root_.get(); }
    // The text of `item`, which is of this document, if it is a string.
    std::optional<std::string_view> string(const cJSON *item) const;

private:
    JsonPtr root_;
    std::vector<std::string_view> long_strings_;
};

// parse_json_object() for texts with long strings. Strings must be asked for by JsonDocument::string().
Result<JsonDocument> parse_json_document(ByteView text, const JsonLimits &limits = {});

// Fails with json_duplicate_member if `object` has two members of one name, upper and lower case being the same.
// An object that is read must be asked about first: cJSON itself answers the first of the two.
Outcome check_unique_members(const cJSON *object, std::string_view where);

// The member of exactly this name, or null.
const cJSON *json_member(const cJSON *object, const char *name);

// Its text if it is a string, else null.
const char *json_string(const cJSON *item);

}  // namespace mhsm
