#include "reason.h"

#include <array>
#include <cstddef>

namespace mhsm {
namespace {

struct Entry {
    std::string_view id;
    std::string_view text;
    std::string_view remedy;
};

constexpr auto table = std::to_array<Entry>({
    {"", "", ""},
#define REASON(symbol, id, text, remedy) {id, text, remedy},
#include "reasons.def"
#undef REASON
});

const Entry &entry(Reason reason) {
    const auto index = static_cast<std::size_t>(reason);
    return table[index < table.size() ? index : 0];
}

}  // namespace

std::optional<Reason> parse_reason(std::string_view id) {
    for (std::size_t index = 1; index < table.size(); ++index)
        if (table[index].id == id) return static_cast<Reason>(index);
    return std::nullopt;
}

std::string_view reason_id(Reason reason) { return entry(reason).id; }
std::string_view reason_text(Reason reason) { return entry(reason).text; }
std::string_view reason_remedy(Reason reason) { return entry(reason).remedy; }

}  // namespace mhsm
