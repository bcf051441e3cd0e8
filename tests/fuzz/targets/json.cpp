// JSON text: what is accepted prints and parses to the same, and nothing is accepted that no strict reader would.
#include "core/json.h"

#include "property.h"

using namespace mhsm;

namespace {

using Text = std::unique_ptr<char, Deleter<[](char *p) { cJSON_free(p); }>>;

std::string print(const cJSON *item) {
    const Text text(cJSON_PrintUnformatted(item));
    fuzz::require(text != nullptr, "what was parsed can be printed");
    return text.get();
}

std::size_t depth_of(const cJSON *item) {
    std::size_t deepest = 0;
    for (const cJSON *child = item->child; child != nullptr; child = child->next)
        deepest = std::max(deepest, depth_of(child));
    return 1 + deepest;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const ByteView text(data, size);
    constexpr JsonLimits limits;
    const auto root = parse_json_object(text);
    if (!root) {
        fuzz::require(root.failure().reason != Reason::none, "a refusal has a reason");
        return 0;
    }
    fuzz::require(as_text(text).find('\0') == std::string_view::npos, "no NUL is accepted");
    fuzz::require(depth_of(root->get()) <= limits.depth + 1, "depth is bounded");
    static_cast<void>(check_unique_members(root->get(), "input"));
    const auto once = print(root->get());
    const auto again = parse_json_object(as_bytes(once));
    fuzz::require(again.ok(), "what was printed parses");
    fuzz::require(print(again->get()) == once, "printing is stable");
    return 0;
}
