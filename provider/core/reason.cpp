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

std::string_view reason_id(Reason reason) { return entry(reason).id; }
std::string_view reason_text(Reason reason) { return entry(reason).text; }
std::string_view reason_remedy(Reason reason) { return entry(reason).remedy; }

}  // namespace mhsm
