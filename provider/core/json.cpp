#include "json.h"

#include <algorithm>
#include <charconv>
#include <compare>

#include "text.h"

namespace mhsm {
namespace {

constexpr std::string_view json_space = " \t\n\r";

constexpr std::size_t long_string = 64;

// Whether a byte can stand in a string as it is: no quote, backslash or control character, and ASCII.
constexpr bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

// Whether all bytes are plain and none is a blank or '!', for which the caller looks closer. Written without branches,
// so that compilers compare many bytes at once.
template <std::size_t size>
bool all_plain(std::string_view block) {
    unsigned char special = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const auto byte = static_cast<signed char>(block[i]);  // negative unless ASCII
        special = static_cast<unsigned char>(special | static_cast<unsigned char>((byte <= '"') | (byte == '\\')));
    }
    return special == 0;
}

template <std::size_t size>
void skip_plain_blocks(std::string_view &text) {
    while (text.size() >= size && all_plain<size>(text)) text.remove_prefix(size);
}

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

    // The values that are long strings without escapes, in the order of the text.
    std::vector<std::string_view> take_long_strings() { return std::move(long_strings_); }

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
            case '"': return string_value();
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

    void skip_plain() {
        auto rest = text_.substr(position_);
        skip_plain_blocks<512>(rest);
        skip_plain_blocks<64>(rest);
        position_ = text_.size() - rest.size();
        while (!at_end() && is_plain(text_[position_])) ++position_;
    }

    bool string_value() {
        const auto begin = position_ + 1;
        escapes_ = false;
        if (!string()) return false;
        const auto size = position_ - 1 - begin;
        if (size >= long_string && !escapes_) long_strings_.push_back(text_.substr(begin, size));
        return true;
    }

    bool string() {
        if (!expect('"')) return false;
        for (;;) {
            skip_plain();
            if (at_end() || peek() == '"') break;
            const auto c = static_cast<unsigned char>(peek());
            if (c < 0x20) return stop(Reason::json_syntax);
            if (c == '\\' ? !escape() : !utf8_character()) return false;
        }
        return expect('"');
    }

    bool escape() {
        escapes_ = true;
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
    bool escapes_ = false;
    std::vector<std::string_view> long_strings_;
    Reason reason_ = Reason::json_syntax;
};

bool looks_like_utf16(std::string_view text) {
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) return true;
    return text.size() >= 2 && ((text[0] == '\0') != (text[1] == '\0')) && (text[0] == '{' || text[1] == '{');
}

Failure whole(Reason reason, std::string detail) { return {reason, "evidence", std::move(detail)}; }

struct ScannedObject {
    std::string_view text;  // without byte order mark and what follows the object
    std::vector<std::string_view> long_strings;
};

Result<ScannedObject> scan_object(std::string_view text, const JsonLimits &limits) {
    if (text.size() > limits.bytes)
        return whole(Reason::json_too_large, "more than " + std::to_string(limits.bytes) + " bytes");
    if (looks_like_utf16(text)) return whole(Reason::json_utf16, "");
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    if (text.find_first_not_of(json_space) == std::string_view::npos) return whole(Reason::json_empty, "");

    Scanner scanner(text, limits);
    const auto end = scanner.scan();
    if (!end) return end.failure();
    if (text[text.find_first_not_of(json_space)] != '{') return whole(Reason::json_not_object, "");
    if (text.find_first_not_of(json_space, *end) != std::string_view::npos)
        return whole(Reason::json_trailing_data, "at byte " + std::to_string(*end));
    return ScannedObject{text.substr(0, *end), scanner.take_long_strings()};
}

// Stands before the number of a string that cJSON is not shown. No string of UTF-8 holds this byte, be it escaped.
constexpr char stand_in = '\xff';

std::string with_stand_ins(const ScannedObject &scanned) {
    constexpr std::size_t usual_rest = 2048;  // of an attestation, beside its long strings
    std::string text;
    text.reserve(usual_rest);
    auto rest = scanned.text;
    std::size_t number = 0;
    for (const auto &string : scanned.long_strings) {
        text += rest.substr(0, static_cast<std::size_t>(string.data() - rest.data()));
        text += stand_in + std::to_string(number++);
        rest.remove_prefix(static_cast<std::size_t>(string.data() - rest.data()) + string.size());
    }
    text += rest;
    return text;
}

// Names as readers see them that ignore case (Go, PowerShell).
std::strong_ordering compare_folded(std::string_view a, std::string_view b) {
    return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end(),
                                                  [](char x, char y) { return lower_case(x) <=> lower_case(y); });
}

}  // namespace

Result<JsonPtr> parse_json_object(ByteView bytes, const JsonLimits &limits) {
    const auto scanned = scan_object(as_text(bytes), limits);
    if (!scanned) return scanned.failure();
    JsonPtr root(cJSON_ParseWithLength(scanned->text.data(), scanned->text.size()));
    if (!root) return whole(Reason::json_syntax, "");
    return root;
}

Result<JsonDocument> parse_json_document(ByteView bytes, const JsonLimits &limits) {
    auto scanned = scan_object(as_text(bytes), limits);
    if (!scanned) return scanned.failure();
    const auto text = with_stand_ins(*scanned);
    JsonPtr root(cJSON_ParseWithLength(text.data(), text.size()));
    if (!root) return whole(Reason::json_syntax, "");
    return JsonDocument(std::move(root), std::move(scanned->long_strings));
}

std::optional<std::string_view> JsonDocument::string(const cJSON *item) const {
    const char *text = json_string(item);
    if (text == nullptr) return std::nullopt;
    const std::string_view shown(text);
    if (!shown.starts_with(stand_in)) return shown;
    const auto digits = shown.substr(1);
    std::size_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return long_strings_.at(number);
}

Outcome check_unique_members(const cJSON *object, std::string_view where) {
    struct Member {
        std::string_view name;
        std::size_t position;
    };
    constexpr std::size_t usual_members = 8;
    std::vector<Member> members;
    members.reserve(usual_members);
    for (const cJSON *item = object->child; item != nullptr; item = item->next)
        members.push_back({item->string, members.size()});
    // Spellings that differ only in case are the same name.
    std::ranges::sort(members, [](const Member &a, const Member &b) {
        const auto order = compare_folded(a.name, b.name);
        return std::is_neq(order) ? std::is_lt(order) : a.position < b.position;
    });
    const Member *first = nullptr;  // of those that repeat a name
    for (std::size_t i = 1; i < members.size(); ++i)
        if (std::is_eq(compare_folded(members[i].name, members[i - 1].name)) &&
            (first == nullptr || members[i].position < first->position))
            first = &members[i];
    if (first == nullptr) return Outcome::pass();
    return Outcome::fail(Reason::json_duplicate_member, std::string(where), std::string(first->name));
}

const cJSON *json_member(const cJSON *object, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *json_string(const cJSON *item) { return cJSON_IsString(item) != 0 ? item->valuestring : nullptr; }

}  // namespace mhsm
