// Why a check did not pass: one stable id, one sentence, one remedy for each cause.
#pragma once

#include <optional>
#include <string_view>

namespace mhsm {

enum class Reason {
    none = 0,
#define REASON(symbol, id, text, remedy) symbol,
#include "reasons.def"
#undef REASON
};

// The stable kebab-case id used in JSON and in the provider's errors; "" for Reason::none.
std::string_view reason_id(Reason reason);
// The reason with this id, if there is one.
std::optional<Reason> parse_reason(std::string_view id);
// One sentence that says what is wrong; "" for Reason::none.
std::string_view reason_text(Reason reason);
// What the reader should do next; may be empty where there is nothing to do.
std::string_view reason_remedy(Reason reason);

}  // namespace mhsm
