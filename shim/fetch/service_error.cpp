#include "shim/fetch/service_error.h"

#include "core/attributes.h"

namespace mhsm::fetch {
namespace {

// The descriptions of Entra go on for lines with trace and correlation numbers.
constexpr std::size_t longest_words = 300;

struct Meaning {
    MHSM_FETCH_STATUS status;
    std::string_view text;
};

Meaning meaning_of(long status) {
    if (status >= 300 && status < 400)
        return {MHSM_FETCH_PROTOCOL, "answered with a redirect, which is not followed: a token must not go elsewhere"};
    switch (status) {
        case 401: return {MHSM_FETCH_UNAUTHORIZED, "refused the credential"};
        case 403:
            return {MHSM_FETCH_FORBIDDEN,
                    "forbidden; ask for the role \"Managed HSM Crypto User\" on this key, or for a custom role with "
                    "Microsoft.KeyVault/managedHsm/keys/read/action; a firewall of the pool refuses this way too"};
        case 404: return {MHSM_FETCH_NOT_FOUND, "no such key or version; check the name, and whether it was deleted"};
        case 408:
        case 429:
        case 503: return {MHSM_FETCH_THROTTLED, "the service is busy; try again later, or with fewer -jobs"};
        default: return {MHSM_FETCH_SERVICE, "the service failed to answer; try again later"};
    }
}

}  // namespace

std::string said(const cJSON *object, const char *member) {
    const char *text = json_string(json_member(object, member));
    if (text == nullptr) return {};
    std::string_view words = text;
    words = words.substr(0, words.find_first_of("\r\n"));
    return printable(words.substr(0, longest_words));
}

std::string service_words(ByteView body) {
    const auto root = parse_json_object(body);
    if (!root) return {};
    const auto *error = json_member(root->get(), "error");
    const bool nested = cJSON_IsObject(error) != 0;
    const auto code = nested ? said(error, "code") : said(root->get(), "error");
    const auto message = nested ? said(error, "message") : said(root->get(), "error_description");
    const auto inner = nested ? said(json_member(error, "innererror"), "code") : "";
    auto words = code;
    if (!message.empty()) words += (words.empty() ? "" : ": ") + message;
    if (!inner.empty()) words += " (" + inner + ")";
    return words;
}

Error service_error(const Response &response, const std::string &what) {
    const auto meaning = meaning_of(response.status);
    auto text = what + ": " + std::string(meaning.text) + " (HTTP status " + std::to_string(response.status);
    const auto words = service_words(response.body);
    text += words.empty() ? ")" : ", the service says: " + words + ")";
    return {meaning.status, static_cast<int>(response.status), text};
}

}  // namespace mhsm::fetch
