#include "token.h"

#include <algorithm>
#include <cmath>

#include "core/base64url.h"
#include "core/json.h"
#include "text.h"

namespace mhsm::fetch {
namespace {

constexpr std::size_t longest_token = std::size_t{64} << 10U;
constexpr double latest_time = 253402300799;  // the end of the year 9999

bool is_token_character(char c) {
    return is_alphanumeric(c) || std::string_view("-._~+/=").find(c) != std::string_view::npos;
}

// A number, or the text of one.
std::optional<std::time_t> whole_number(const cJSON *item) {
    if (cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= latest_time)
        return static_cast<std::time_t>(item->valuedouble);
    const auto *text = json_string(item);
    if (text == nullptr) return std::nullopt;
    std::time_t value = 0;
    const std::string_view digits(text);
    if (digits.empty() || digits.size() > 12 || !std::all_of(digits.begin(), digits.end(), is_digit))
        return std::nullopt;
    for (const auto c : digits) value = value * 10 + (c - '0');
    return value;
}

// cJSON frees text without wiping it.
class WipedJson {
public:
    explicit WipedJson(JsonPtr json) : json_(std::move(json)) {}
    ~WipedJson() {
        for (auto *item = json_->child; item != nullptr; item = item->next)
            if (item->valuestring != nullptr)
                OPENSSL_cleanse(item->valuestring, std::string_view(item->valuestring).size());
    }
    WipedJson(const WipedJson &) = delete;
    WipedJson &operator=(const WipedJson &) = delete;
    const cJSON *get() const { return json_.get(); }

private:
    JsonPtr json_;
};

}  // namespace

std::optional<Token> parse_bearer(std::string_view text) {
    text = trimmed(text);
    if (text.empty() || text.size() > longest_token || !std::all_of(text.begin(), text.end(), is_token_character))
        return std::nullopt;
    Token token{Secret(text), 0};
    token.expires = claims_of(token).expires;
    return token;
}

std::optional<Token> parse_token_answer(std::string_view text, std::time_t now) {
    auto parsed = parse_json_object(as_bytes(text));
    if (!parsed) return std::nullopt;
    const WipedJson json(std::move(*parsed));
    if (check_unique_members(json.get(), "token").status == Status::fail) return std::nullopt;
    const auto *value = json_string(json_member(json.get(), "access_token"));
    if (value == nullptr) value = json_string(json_member(json.get(), "accessToken"));
    if (value == nullptr) return std::nullopt;
    auto token = parse_bearer(value);
    if (!token) return std::nullopt;
    if (const auto at = whole_number(json_member(json.get(), "expires_on")))
        token->expires = *at;
    else if (const auto after = whole_number(json_member(json.get(), "expires_in")))
        token->expires = now + *after;
    return token;
}

Claims claims_of(const Token &token) {
    const auto parts = split(token.value.view(), '.');
    if (parts.size() != 3) return {};
    const auto payload = base64url_decode(parts[1]);
    if (!payload) return {};
    const auto json = parse_json_object(*payload);
    if (!json || check_unique_members(json->get(), "token").status == Status::fail) return {};
    const auto text = [&](const char *name) {
        const auto *value = json_string(json_member(json->get(), name));
        return value != nullptr ? one_line(value, 100) : std::string();
    };
    return {text("tid"), text("aud"), whole_number(json_member(json->get(), "exp")).value_or(0)};
}

}  // namespace mhsm::fetch
