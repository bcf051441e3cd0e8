#include "shim/fetch/url.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/attributes.h"

namespace mhsm::fetch {
namespace {

constexpr std::string_view https = "https://";
constexpr std::string_view mhsm_scheme = "mhsm://";
constexpr unsigned https_port = 443;

const std::array<std::string, 3> domains{"managedhsm.azure.net", "managedhsm.azure.cn", "managedhsm.usgovcloudapi.net"};

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_host_name(std::string_view text) {
    constexpr std::size_t longest = 253;
    if (text.empty() || text.size() > longest || text.front() == '.' || text.back() == '.') return false;
    if (text.front() == '-' || text.find("..") != std::string_view::npos) return false;
    return std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '-' || c == '.'; });
}

// Names and versions of keys: letters, digits and dashes, at most 127 of them.
bool is_key_word(std::string_view text) {
    constexpr std::size_t longest = 127;
    return !text.empty() && text.size() <= longest &&
           std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

// What follows "https://" or "mhsm://"; none for anything else.
std::optional<std::string_view> after_scheme(std::string_view url, bool mhsm_allowed) {
    if (lower_case(url.substr(0, https.size())) == https) return url.substr(https.size());
    if (mhsm_allowed && lower_case(url.substr(0, mhsm_scheme.size())) == mhsm_scheme)
        return url.substr(mhsm_scheme.size());
    return std::nullopt;
}

Error malformed(std::string_view text, std::string_view expected) {
    return {MHSM_FETCH_BAD_PARAMETER, 0,
            "not a URL to fetch from: expected " + std::string(expected) + ", found " + printable(text.substr(0, 200))};
}

}  // namespace

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char &c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return lower;
}

std::string Origin::authority() const { return port == https_port ? host : host + ":" + std::to_string(port); }
std::string Origin::text() const { return std::string(https) + authority(); }

std::string KeyTarget::url() const { return origin.text() + "/keys/" + name + (version.empty() ? "" : "/" + version); }

std::optional<Origin> parse_authority(std::string_view text) {
    const auto colon = text.find(':');
    const auto host = text.substr(0, colon);
    if (!is_host_name(host)) return std::nullopt;
    Origin origin{lower_case(host), https_port};
    if (colon == std::string_view::npos) return origin;
    const auto digits = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), origin.port);
    if (error != std::errc{} || end != digits.data() + digits.size() || origin.port == 0 || origin.port > 65535)
        return std::nullopt;
    return origin;
}

std::optional<HttpsUrl> parse_https_url(std::string_view url) {
    const auto rest = after_scheme(url, false);
    if (!rest) return std::nullopt;
    const auto end = std::min(rest->find_first_of("/?#"), rest->size());
    const auto origin = parse_authority(rest->substr(0, end));
    const auto behind = rest->substr(end);
    const bool clean = std::ranges::all_of(behind, [](char c) { return c > ' ' && c <= '~'; });
    if (!origin || !clean || behind.find('#') != std::string_view::npos) return std::nullopt;
    return HttpsUrl{*origin, std::string(behind)};
}

Fetched<KeyTarget> parse_key_target(std::string_view url) {
    constexpr std::string_view expected = "https://<pool>.managedhsm.azure.net/keys/<name>[/<version>]";
    constexpr std::string_view keys = "/keys/";
    const auto rest = after_scheme(url, true);
    const auto slash = rest ? rest->find('/') : std::string_view::npos;
    if (slash == std::string_view::npos) return malformed(url, expected);
    const auto origin = parse_authority(rest->substr(0, slash));
    auto path = rest->substr(slash);
    if (!origin || !path.starts_with(keys)) return malformed(url, expected);
    path.remove_prefix(keys.size());
    const auto name = path.substr(0, path.find('/'));
    const auto version = name.size() < path.size() ? path.substr(name.size() + 1) : std::string_view{};
    if (!is_key_word(name) || (!version.empty() && !is_key_word(version))) return malformed(url, expected);
    return KeyTarget{*origin, std::string(name), std::string(version)};
}

Fetched<Origin> parse_pool_target(std::string_view text) {
    const auto rest = after_scheme(text, true);
    if (!rest && is_key_word(text)) return Origin{lower_case(text) + "." + domains.front(), https_port};
    const auto authority = rest && rest->ends_with('/') ? rest->substr(0, rest->size() - 1) : rest.value_or("");
    const auto origin = parse_authority(authority);
    if (!origin) return malformed(text, "the name of a pool, or https://<pool>.managedhsm.azure.net");
    return *origin;
}

const std::string *managed_hsm_domain(std::string_view host) {
    const auto label = host.substr(0, host.find('.'));
    if (label.empty() || label.size() == host.size()) return nullptr;
    const auto found = std::ranges::find(domains, host.substr(label.size() + 1));
    return found != domains.end() ? &*found : nullptr;
}

std::string pool_of(const Origin &origin) {
    if (origin.port != https_port || managed_hsm_domain(origin.host) == nullptr) return {};
    return origin.host.substr(0, origin.host.find('.'));
}

bool may_get_token(const Origin &origin, const std::vector<std::string> &allowed) {
    if (!pool_of(origin).empty()) return true;
    return std::ranges::any_of(allowed, [&origin](const std::string &text) { return parse_authority(text) == origin; });
}

bool is_within(std::string_view host, std::string_view domain) {
    if (domain.empty() || host.size() < domain.size() || !host.ends_with(domain)) return false;
    return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

}  // namespace mhsm::fetch
