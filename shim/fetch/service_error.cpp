#include "service_error.h"

#include "core/json.h"
#include "text.h"

namespace mhsm::fetch {
namespace {

std::string_view text_of(const cJSON *object, const char *name) {
    const auto *text = json_string(json_member(object, name));
    return text != nullptr ? text : std::string_view();
}

std::string joined(std::string_view code, std::string_view inner, std::string_view message) {
    auto text = one_line(code, 80);
    if (!inner.empty()) text += concat({" (", one_line(inner, 80), ")"});
    if (!message.empty()) text += concat({text.empty() ? "" : ": ", one_line(message)});
    return text;
}

std::string_view advice(int status) {
    switch (status) {
        case 403:
            return "; the identity needs the role \"Managed HSM Crypto User\" on this key, or a custom role with "
                   "Microsoft.KeyVault/managedHsm/keys/read/action, or the pool's firewall does not admit this address";
        case 404: return "; check the name and version of the key, and that the pool supports this api-version";
        case 429:
        case 503: return "; the service is busy: try again later, or with fewer jobs";
        case 400: return "; check the api-version";
        default: return "";
    }
}

MHSM_FETCH_STATUS kind_of(int status) {
    switch (status) {
        case 401: return MHSM_FETCH_UNAUTHORIZED;
        case 403: return MHSM_FETCH_FORBIDDEN;
        case 404: return MHSM_FETCH_NOT_FOUND;
        case 429:
        case 503: return MHSM_FETCH_THROTTLED;
        default: return MHSM_FETCH_SERVICE;
    }
}

}  // namespace

std::string service_message(std::string_view body) {
    const auto json = parse_json_object(as_bytes(body));
    if (!json || check_unique_members(json->get(), "error").status == Status::fail) return {};
    const auto *error = json_member(json->get(), "error");
    if (json_string(error) != nullptr) return joined(json_string(error), {}, text_of(json->get(), "error_description"));
    return joined(text_of(error, "code"), text_of(json_member(error, "innererror"), "code"), text_of(error, "message"));
}

Error service_failure(const std::string &line, const Response &response) {
    if (response.status / 100 == 3)
        return {MHSM_FETCH_PROTOCOL,
                concat({line, ": redirected to ", one_line(response.first_header("location"), 200),
                        "; redirects are never followed, as a token would go with them"}),
                response.status};
    auto text = concat({line, ": the service answered ", std::to_string(response.status)});
    const auto message = service_message(response.body.view());
    if (!message.empty()) text += concat({" ", message});
    text += advice(response.status);
    return {kind_of(response.status), std::move(text), response.status};
}

}  // namespace mhsm::fetch
