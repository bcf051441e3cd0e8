#include "shim/fetch/listing.h"

#include "core/attributes.h"
#include "core/json.h"

namespace mhsm::fetch {
namespace {

constexpr std::string_view page_size = "&maxresults=25";

Error bad_page(const Origin &pool, const std::string &why) {
    return {MHSM_FETCH_PROTOCOL, 200, pool.text() + ": not a list of keys: " + why};
}

bool is_of_keys(const HttpsUrl &url, const Origin &pool) {
    const std::string_view behind = url.path_and_query;
    return url.origin == pool && behind.starts_with("/keys") &&
           (behind.size() == 5 || behind[5] == '?' || behind[5] == '/');
}

}  // namespace

std::string keys_url(const Origin &pool, const std::string &api_version) {
    return pool.text() + "/keys?api-version=" + api_version + std::string(page_size);
}

std::string versions_url(const KeyTarget &key, const std::string &api_version) {
    return key.origin.text() + "/keys/" + key.name + "/versions?api-version=" + api_version + std::string(page_size);
}

Fetched<Page> parse_page(ByteView body, const Origin &pool) {
    const auto root = parse_json_object(body);
    if (!root) return bad_page(pool, std::string(reason_text(root.failure().reason)));
    const auto *value = json_member(root->get(), "value");
    if (cJSON_IsArray(value) == 0) return bad_page(pool, "no member value");
    Page page;
    for (const cJSON *item = value->child; item != nullptr; item = item->next) {
        const char *kid = json_string(json_member(item, "kid"));
        auto key = parse_key_target(kid != nullptr ? kid : "");
        if (!key || key->origin != pool)
            return bad_page(
                pool, "it names the key " + printable(std::string_view(kid != nullptr ? kid : "").substr(0, 200)));
        page.keys.push_back(std::move(*key));
    }
    const auto *next = json_member(root->get(), "nextLink");
    if (next == nullptr || cJSON_IsNull(next) != 0) return page;
    const char *link = json_string(next);
    const auto url = parse_https_url(link != nullptr ? link : "");
    if (link != nullptr && *link == '\0') return page;
    if (!url || !is_of_keys(*url, pool))
        return bad_page(pool, "its next page would be at " +
                                  printable(std::string_view(link != nullptr ? link : "").substr(0, 200)) +
                                  ", where no token must go");
    page.next = link;
    return page;
}

}  // namespace mhsm::fetch
