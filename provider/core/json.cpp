#include "json.h"

#include <algorithm>
#include <set>

namespace mhsm {
namespace {

constexpr std::string_view json_space = " \t\n\r";

// A strict RFC 8259 recogniser. cJSON accepts control characters in strings, loose numbers and invalid
// UTF-8, and cuts strings at \u0000, so a text is shown to it only after this accepted every byte.
class Scanner {
public:
    Scanner(std::string_view text, const JsonLimits &limits) : text_(text), limits_(limits) {}

    // Scans one value; the position of its end, or what is wrong with it.
    Result<std::size_t> scan() {
        skip_space();
        if (peek() != '{' && at_end()) return fail(Reason::json_empty);
        const bool ok = value(1);
        if (!ok) return fail(reason_);
        return position_;
    }

private:
    bool at_end() const { return position_ >= text_.size(); }
    char peek() const { return at_end() ? '\0' : text_[position_]; }
    void skip_space() { position_ = std::min(text_.find_first_not_of(json_space, position_), text_.size()); }
    Failure fail(Reason reason) const { return {reason, "evidence", "at byte " + std::to_string(position_)}; }
    bool stop(Reason reason) {
        reason_ = reason;
        return false;
    }
    bool syntax() { return stop(at_end() ? Reason::json_truncated : Reason::json_syntax); }
    bool expect(char c) {
        if (peek() != c || at_end()) return syntax();
        ++position_;
        return true;
    }

    bool value(std::size_t depth) {
        if (++count_ > limits_.values) return stop(Reason::json_too_large);
        switch (peek()) {
            case '{': return container(depth, '}', true);
            case '[': return container(depth, ']', false);
            case '"': return string();
            case 't': return literal("true");
            case 'f': return literal("false");
            case 'n': return literal("null");
            default: return number();
        }
    }

    bool container(std::size_t depth, char close, bool named) {
        if (depth > limits_.depth) return stop(Reason::json_too_deep);
        ++position_;
        skip_space();
        if (peek() == close) return expect(close);
        for (;;) {
            if (named && !member_name()) return false;
            if (!value(depth + 1)) return false;
            skip_space();
            if (peek() == close) return expect(close);
            if (!expect(',')) return false;
            skip_space();
        }
    }

    bool member_name() {
        if (!string()) return false;
        skip_space();
        if (!expect(':')) return false;
        skip_space();
        return true;
    }

    bool literal(std::string_view word) {
        return std::ranges::all_of(word, [this](char c) { return expect(c); });
    }

    bool digits() {
        if (peek() < '0' || peek() > '9') return syntax();
        while (peek() >= '0' && peek() <= '9') ++position_;
        return true;
    }

    bool number() {
        if (peek() == '-') ++position_;
        if (peek() == '0')
            ++position_;
        else if (!digits())
            return false;
        if (peek() == '.') {
            ++position_;
            if (!digits()) return false;
        }
        if (peek() == 'e' || peek() == 'E') {
            ++position_;
            if (peek() == '+' || peek() == '-') ++position_;
            if (!digits()) return false;
        }
        return true;
    }

    bool string() {
        if (!expect('"')) return false;
        while (!at_end() && peek() != '"') {
            const auto c = static_cast<unsigned char>(peek());
            if (c < 0x20) return stop(Reason::json_syntax);
            if (c == '\\' ? !escape() : !utf8_character()) return false;
        }
        return expect('"');
    }

    bool escape() {
        ++position_;
        const char kind = peek();
        if (kind == 'u') return unicode_escape();
        if (at_end() || std::string_view("\"\\/bfnrt").find(kind) == std::string_view::npos) return syntax();
        ++position_;
        return true;
    }

    // One \uXXXX, or two that form a surrogate pair; never \u0000, at which C strings would end.
    bool unicode_escape() {
        const auto first = code_unit();
        if (first < 0) return syntax();
        if (first == 0) return stop(Reason::json_syntax);
        if (first >= 0xdc00 && first <= 0xdfff) return stop(Reason::json_syntax);
        if (first < 0xd800 || first > 0xdbff) return true;
        if (!expect('\\')) return false;
        const auto second = peek() == 'u' ? code_unit() : -1;
        return second >= 0xdc00 && second <= 0xdfff ? true : syntax();
    }

    int code_unit() {
        ++position_;
        int unit = 0;
        for (int i = 0; i < 4; ++i) {
            constexpr std::string_view digits_of = "0123456789abcdef0123456789ABCDEF";
            const auto digit = at_end() ? std::string_view::npos : digits_of.find(peek());
            if (digit == std::string_view::npos) return -1;
            unit = unit * 16 + static_cast<int>(digit % 16);
            ++position_;
        }
        return unit;
    }

    bool utf8_character() {
        const auto lead = static_cast<unsigned char>(text_[position_]);
        const unsigned length = lead < 0x80                    ? 1
                                : lead >= 0xc2 && lead <= 0xdf ? 2
                                : lead >= 0xe0 && lead <= 0xef ? 3
                                : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                               : 0;
        if (length == 0) return stop(Reason::json_not_utf8);
        std::uint32_t point = length == 1 ? lead : lead & (0x7fU >> length);
        for (unsigned i = 1; i < length; ++i) {
            if (position_ + i >= text_.size()) return stop(Reason::json_truncated);
            const auto next = static_cast<unsigned char>(text_[position_ + i]);
            if ((next & 0xc0U) != 0x80U) return stop(Reason::json_not_utf8);
            point = (point << 6U) | (next & 0x3fU);
        }
        // Overlong forms, surrogates and numbers past the last plane are not UTF-8 (RFC 3629).
        constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
        if (point < smallest[length] || (point >= 0xd800 && point <= 0xdfff) || point > 0x10ffff)
            return stop(Reason::json_not_utf8);
        position_ += length;
        return true;
    }

    std::string_view text_;
    const JsonLimits &limits_;
    std::size_t position_ = 0;
    std::size_t count_ = 0;
    Reason reason_ = Reason::json_syntax;
};

bool looks_like_utf16(std::string_view text) {
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) return true;
    return text.size() >= 2 && ((text[0] == '\0') != (text[1] == '\0')) && (text[0] == '{' || text[1] == '{');
}

Failure whole(Reason reason, std::string detail) { return {reason, "evidence", std::move(detail)}; }

}  // namespace

Result<JsonPtr> parse_json_object(ByteView bytes, const JsonLimits &limits) {
    auto text = as_text(bytes);
    if (text.size() > limits.bytes)
        return whole(Reason::json_too_large, "more than " + std::to_string(limits.bytes) + " bytes");
    if (looks_like_utf16(text)) return whole(Reason::json_utf16, "");
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    if (text.find_first_not_of(json_space) == std::string_view::npos) return whole(Reason::json_empty, "");

    const auto end = Scanner(text, limits).scan();
    if (!end) return end.failure();
    if (text[text.find_first_not_of(json_space)] != '{') return whole(Reason::json_not_object, "");
    if (text.find_first_not_of(json_space, *end) != std::string_view::npos)
        return whole(Reason::json_trailing_data, "at byte " + std::to_string(*end));

    JsonPtr root(cJSON_ParseWithLength(text.data(), *end));
    if (!root) return whole(Reason::json_syntax, "");
    return root;
}

Outcome check_unique_members(const cJSON *object, std::string_view where) {
    // Some readers ignore case (Go, PowerShell), so spellings that differ only in case are the same name.
    std::set<std::string> seen;
    for (const cJSON *item = object->child; item != nullptr; item = item->next) {
        std::string folded(item->string);
        for (char &c : folded) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        if (!seen.insert(std::move(folded)).second)
            return Outcome::fail(Reason::json_duplicate_member, std::string(where), item->string);
    }
    return Outcome::pass();
}

const cJSON *json_member(const cJSON *object, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *json_string(const cJSON *item) { return cJSON_IsString(item) != 0 ? item->valuestring : nullptr; }

}  // namespace mhsm
