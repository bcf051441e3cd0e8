#include "object_scanner.h"

#include <algorithm>

namespace mhsm::cli {

// The rest of a string, or as much of it as there is.
ObjectScanner::Step ObjectScanner::string(std::string_view text) {
    const auto rest = text.substr(position_);
    const auto quote = std::min(rest.find('"'), rest.size());
    const auto until_quote = rest.substr(0, quote);
    const auto line_feed = std::min(until_quote.find('\n'), quote);
    const auto backslash = until_quote.substr(0, line_feed).find('\\');
    if (backslash != std::string_view::npos) {
        position_ += backslash;
        if (backslash + 1 == rest.size()) return Step::more;
        position_ += std::size_t{rest[backslash + 1] == '\n' ? 1U : 2U};
        return Step::on;
    }
    position_ += line_feed;
    if (line_feed < quote) return Step::end;
    if (quote == rest.size()) return Step::more;
    ++position_;
    in_string_ = false;
    last_ = '"';
    return Step::on;
}

bool ObjectScanner::object_cannot_begin(std::string_view text) const {
    if (depth_ == 0) return false;
    if (in_array()) return last_ != '[' && last_ != ',';
    return last_ != ':' || (position_ > 0 && text[position_ - 1] == '\n');
}

ObjectScanner::Step ObjectScanner::structure(std::string_view text) {
    const char c = text[position_];
    if (c == '{' && object_cannot_begin(text)) return Step::end;
    if (c == '{' || c == '[') {
        ++depth_;
        arrays_ = (arrays_ << 1U) | (c == '[' ? 1U : 0U);
    } else if (c == '}' || c == ']') {
        --depth_;
        arrays_ >>= 1U;
    } else if (c == '"') {
        in_string_ = true;
    }
    ++position_;
    last_ = c;
    return depth_ == 0 ? Step::end : Step::on;
}

bool ObjectScanner::scan(std::string_view text) {
    while (position_ < text.size()) {
        const char c = text[position_];
        if (!in_string_ && (c == ' ' || c == '\n' || c == '\t' || c == '\r')) {
            ++position_;
            continue;
        }
        const auto step = in_string_ ? string(text) : structure(text);
        if (step == Step::end) return true;
        if (step == Step::more) return false;
    }
    return false;
}

}  // namespace mhsm::cli
