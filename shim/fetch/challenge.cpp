#include "challenge.h"

#include <algorithm>
#include <array>
#include <optional>

#include "error.h"
#include "text.h"

namespace mhsm::fetch {
namespace {

constexpr std::array<std::string_view, 4> authorities{"login.microsoftonline.com", "login.microsoftonline.us",
                                                      "login.partner.microsoftonline.cn", "login.chinacloudapi.cn"};

bool is_token_character(char c) {
    return is_alphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// Reads a header from front to back.
class HeaderReader {
public:
    explicit HeaderReader(std::string_view text) : rest_(text) {}

    void skip_blanks_and_commas() { skip(" \t,"); }
    void skip_blanks() { skip(" \t"); }
    bool at_end() const { return rest_.empty(); }
    bool take(char c) {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    std::string_view token() {
        const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_token_character);
        const auto text = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
        rest_.remove_prefix(text.size());
        return text;
    }
    // A token, or a quoted string without its quotes. Unquoted URLs, which some services send, are taken too.
    std::optional<std::string> value() {
        if (!take('"')) {
            const auto text = rest_.substr(0, rest_.find_first_of(" \t,"));
            rest_.remove_prefix(text.size());
            return std::string(text);
        }
        std::string text;
        while (!rest_.empty()) {
            if (take('"')) return text;
            if (take('\\') && rest_.empty()) break;
            text += rest_.front();
            rest_.remove_prefix(1);
        }
        return std::nullopt;
    }
    HeaderReader ahead() const { return *this; }

private:
    void skip(std::string_view characters) {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
    }

    std::string_view rest_;
};

// name=value, blanks allowed around the sign. Nothing, and nothing consumed, if something else follows.
std::optional<std::pair<std::string, std::string>> read_parameter(HeaderReader &reader) {
    auto ahead = reader.ahead();
    auto name = lower_case(ahead.token());
    ahead.skip_blanks();
    if (name.empty() || !ahead.take('=')) return std::nullopt;
    ahead.skip_blanks();
    auto value = ahead.value();
    if (!value) return std::nullopt;
    reader = ahead;
    return std::pair(std::move(name), std::move(*value));
}

[[noreturn]] void refuse(const Origin &service, std::initializer_list<std::string_view> why) {
    throw Error(MHSM_FETCH_CHALLENGE_REFUSED,
                concat({service.text(), " answered 401, but ", concat(why), "; no token was sent"}), 401);
}

struct HttpsUrl {
    Origin origin;
    std::string_view path;  // without the slash before it
};

std::optional<HttpsUrl> parse_https(std::string_view text) {
    static constexpr std::string_view https = "https://";
    if (!equal_ignoring_case(text.substr(0, https.size()), https)) return std::nullopt;
    text.remove_prefix(https.size());
    const auto slash = text.find('/');
    const auto origin = parse_authority(text.substr(0, slash));
    if (!origin) return std::nullopt;
    return HttpsUrl{*origin, slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1)};
}

// Whether a token for `audience` may be sent to `service`.
bool is_audience_of(const Origin &audience, const Origin &service) {
    if (audience == service) return true;
    if (audience.port != 443) return false;
    if (const auto *domain = managed_hsm_domain(service.host)) return audience.text() == domain->audience;
    const bool address = is_digit(service.host.back());
    const bool one_label = audience.host.find('.') == std::string::npos;
    if (audience.host == service.host) return true;
    return !address && !one_label && service.host.ends_with(concat({".", audience.host}));
}

Challenge checked(const AuthScheme &bearer, const Origin &service) {
    const auto *authority = bearer.parameter("authorization");
    if (authority == nullptr) authority = bearer.parameter("authorization_uri");
    const auto *resource = bearer.parameter("resource");
    if (resource == nullptr) resource = bearer.parameter("scope");
    if (authority == nullptr || resource == nullptr)
        refuse(service, {"its challenge does not name both the authority and the resource"});
    const auto sign_in = parse_https(*authority);
    if (!sign_in || !is_authority(sign_in->origin))
        refuse(service, {"its challenge names ", one_line(*authority, 200), ", which is no Entra sign-in host (set ",
                         "AZURE_AUTHORITY_HOST if your cloud has its own)"});
    const auto tenant = sign_in->path.substr(0, sign_in->path.find('/'));
    if (!is_tenant(tenant)) refuse(service, {"its challenge names no tenant: ", one_line(*authority, 200)});
    auto wanted = std::string_view(*resource);
    static constexpr std::string_view default_scope = "/.default";
    if (wanted.ends_with(default_scope)) wanted.remove_suffix(default_scope.size());
    const auto audience = parse_https(wanted);
    if (!audience || !audience->path.empty() || !is_audience_of(audience->origin, service))
        refuse(service,
               {"its challenge asks for a token for ", one_line(*resource, 200), ", which is not its own domain"});
    return {sign_in->origin, std::string(tenant), audience->origin.text()};
}

}  // namespace

const std::string *AuthScheme::parameter(std::string_view wanted) const {
    for (const auto &[known, value] : parameters)
        if (known == wanted) return &value;
    return nullptr;
}

std::vector<AuthScheme> parse_www_authenticate(std::string_view header) {
    std::vector<AuthScheme> schemes;
    HeaderReader reader(header);
    for (;;) {
        reader.skip_blanks_and_commas();
        if (reader.at_end()) return schemes;
        if (auto parameter = read_parameter(reader)) {
            if (schemes.empty()) return schemes;
            schemes.back().parameters.push_back(std::move(*parameter));
            continue;
        }
        auto name = lower_case(reader.token());
        if (name.empty()) return schemes;
        schemes.push_back({std::move(name), {}});
    }
}

Challenge read_challenge(const std::vector<std::string_view> &headers, const Origin &service) {
    for (const auto header : headers)
        for (const auto &scheme : parse_www_authenticate(header))
            if (scheme.name == "bearer") return checked(scheme, service);
    refuse(service, {"does not say what it wants (no Bearer challenge)"});
}

bool is_authority(const Origin &origin) {
    if (const auto own = environment("AZURE_AUTHORITY_HOST")) {
        const auto url = parse_https(own->find("://") == std::string::npos ? "https://" + *own : *own);
        if (url && url->origin == origin) return true;
    }
    return origin.port == 443 && std::find(authorities.begin(), authorities.end(), origin.host) != authorities.end();
}

bool is_tenant(std::string_view text) {
    return !text.empty() && text.size() <= 253 && text != "." && text != ".." &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
}

}  // namespace mhsm::fetch
