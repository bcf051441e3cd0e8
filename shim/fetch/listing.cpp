#include "listing.h"

#include <functional>

#include "core/json.h"
#include "error.h"
#include "text.h"

namespace mhsm::fetch {
namespace {

[[noreturn]] void refuse(const Origin &origin, std::string_view path, std::initializer_list<std::string_view> why) {
    throw Error(MHSM_FETCH_PROTOCOL, concat({"GET ", origin.text(), path, ": ", concat(why)}));
}

KeyUrl listed_key(const cJSON *entry, const Origin &origin, std::string_view path) {
    const auto *kid = json_string(json_member(entry, "kid"));
    if (kid == nullptr || check_unique_members(entry, "value").status == Status::fail)
        refuse(origin, path, {"an entry of the list has no kid"});
    try {
        auto key = parse_key_url(kid);
        if (key.origin == origin) return key;
    } catch (const Error &error) {
        refuse(origin, path, {"the list is malformed: ", error.text()});
    }
    refuse(origin, path, {"the list names a key of another host: ", one_line(kid, 200)});
}

}  // namespace

Page parse_page(std::string_view body, const Origin &origin, std::string_view path) {
    const auto json =
        parse_json_object(as_bytes(body), {.bytes = std::size_t{1} << 20U, .depth = 16, .values = 131072});
    if (!json) refuse(origin, path, {"the list is not strict JSON: ", one_line(json.failure().detail)});
    const auto *list = json_member(json->get(), "value");
    const auto *next = json_member(json->get(), "nextLink");
    if (check_unique_members(json->get(), "list").status == Status::fail || !cJSON_IsArray(list))
        refuse(origin, path, {"the list has no array \"value\""});
    Page page;
    for (const auto *entry = list->child; entry != nullptr; entry = entry->next)
        page.keys.push_back(listed_key(entry, origin, path));
    if (next == nullptr || cJSON_IsNull(next)) return page;
    if (json_string(next) == nullptr) refuse(origin, path, {"the nextLink is not text"});
    if (const std::string_view link(json_string(next)); !link.empty()) page.next = next_page(link, origin, path);
    return page;
}

Listing::Listing(Origin origin, std::string path, std::string_view api_version)
    : origin_(std::move(origin)),
      path_(std::move(path)),
      next_(concat({path_, "?api-version=", percent_encoded(api_version), "&maxresults=25"})) {
    seen_.insert(std::hash<std::string>{}(next_));
}

std::string Listing::url() const { return origin_.text() + next_; }

bool Listing::advance(const Page &page) {
    if (page.next.empty()) return false;
    if (!seen_.insert(std::hash<std::string>{}(page.next)).second)
        refuse(origin_, path_,
               {"the list turns in circles: the nextLink ", one_line(page.next, 200), " was there before"});
    next_ = page.next;
    return true;
}

}  // namespace mhsm::fetch
