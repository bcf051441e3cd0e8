#include "shim/fetch/token.h"

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/base64url.h"
#include "core/certificate.h"
#include "shim/fetch/service_error.h"

namespace mhsm::fetch {
namespace {

constexpr double year_9999 = 253402300799.0;

// A number, or a string that holds one: the metadata services give strings.
std::optional<std::int64_t> number_member(const cJSON *object, const char *name) {
    const auto *item = json_member(object, name);
    if (cJSON_IsNumber(item) != 0 && item->valuedouble >= 0 && item->valuedouble <= year_9999)
        return static_cast<std::int64_t>(item->valuedouble);
    const char *text = json_string(item);
    if (text == nullptr) return std::nullopt;
    const std::string_view digits = text;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool good = error == std::errc{} && end == digits.data() + digits.size() && number >= 0;
    return good ? std::optional(number) : std::nullopt;
}

// Strings of the tree are tokens.
void wipe(cJSON *object) {
    for (cJSON *item = object->child; item != nullptr; item = item->next)
        if (item->valuestring != nullptr)
            OPENSSL_cleanse(item->valuestring, std::char_traits<char>::length(item->valuestring));
}

}  // namespace

Fetched<Token> read_token(std::string text, const std::string &where) {
    Secret owner(std::move(text));
    auto view = owner.view();
    constexpr std::string_view blank = " \t\r\n";
    const auto first = view.find_first_not_of(blank);
    if (first == std::string_view::npos)
        return Error{MHSM_FETCH_NO_CREDENTIAL, 0, where + " is empty; put a bearer token there"};
    view = view.substr(first, view.find_last_not_of(blank) - first + 1);
    if (!std::ranges::all_of(view, [](char c) { return c > ' ' && c <= '~'; }))
        return Error{MHSM_FETCH_BAD_PARAMETER, 0,
                     where + " does not hold a bearer token: expected printable characters without white space"};
    return Token{Secret(std::string(view)), 0};
}

Fetched<Token> read_token_answer(Bytes &body, const std::string &who, std::int64_t now) {
    auto root = parse_json_object(body);
    OPENSSL_cleanse(body.data(), body.size());
    if (!root) return Error{MHSM_FETCH_CREDENTIAL_FAILED, 0, who + ": the answer is not JSON"};
    const char *text = json_string(json_member(root->get(), "access_token"));
    if (text == nullptr) text = json_string(json_member(root->get(), "accessToken"));
    auto token =
        text != nullptr
            ? read_token(text, who)
            : Fetched<Token>(Error{MHSM_FETCH_CREDENTIAL_FAILED, 0, who + ": the answer holds no access token"});
    if (token) {
        const auto expires_in = number_member(root->get(), "expires_in");
        token->expires = expires_in ? now + *expires_in : number_member(root->get(), "expires_on").value_or(0);
    }
    wipe(root->get());
    return token;
}

std::string claimed_by(const Token &token, std::int64_t now) {
    auto rest = token.text.view();
    const auto first = rest.find('.');
    if (first == std::string_view::npos) return {};
    rest.remove_prefix(first + 1);
    const auto payload = base64url_decode(rest.substr(0, rest.find('.')));
    if (!payload) return {};
    const auto claims = parse_json_object(*payload);
    if (!claims) return {};
    std::string text;
    const auto add = [&text](const std::string &words) { text += (text.empty() ? "" : ", ") + words; };
    if (const auto tenant = said(claims->get(), "tid"); !tenant.empty()) add("tenant " + tenant);
    if (const auto audience = said(claims->get(), "aud"); !audience.empty()) add("audience " + audience);
    if (const auto end = number_member(claims->get(), "exp"); end && *end <= now) add("expired at " + utc_time(*end));
    return text;
}

std::string base64url_encode(ByteView bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char *>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    for (char &c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    text.resize(text.find_last_not_of('=') + 1);
    return text;
}

}  // namespace mhsm::fetch
