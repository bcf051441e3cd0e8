// Text in columns.
#pragma once

#include "core/text.h"

namespace mhsm::cli {

inline std::string blanks(std::size_t count) { return std::string(count, ' '); }

// `text` followed by blanks up to `width`, and at least one.
inline std::string padded(std::string_view text, std::size_t width) {
    return concat({text, blanks(text.size() < width ? width - text.size() : 1)});
}

}  // namespace mhsm::cli
