#include "url.h"

#include <algorithm>
#include <array>

#include "error.h"
#include "text.h"

namespace mhsm::fetch {
namespace {

constexpr std::string_view keys_path = "/keys/";
constexpr std::array<Domain, 3> domains{{
    {".managedhsm.azure.net", "https://managedhsm.azure.net"},
    {".managedhsm.azure.cn", "https://managedhsm.azure.cn"},
    {".managedhsm.usgovcloudapi.net", "https://managedhsm.usgovcloudapi.net"},
}};

bool is_name(std::string_view text, std::size_t most) {
    return !text.empty() && text.size() <= most &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_label(std::string_view text) { return is_name(text, 63) && text.front() != '-' && text.back() != '-'; }

bool is_host(std::string_view text) {
    const auto labels = split(text, '.');
    return text.size() <= 253 && std::all_of(labels.begin(), labels.end(), is_label);
}

[[noreturn]] void malformed(std::string_view what, std::string_view text, std::string_view expected) {
    throw Error(MHSM_FETCH_BAD_PARAMETER, concat({what, " ", one_line(text), ": expected ", expected}));
}

// What follows https:// or mhsm://.
std::optional<std::string_view> without_scheme(std::string_view text) {
    for (const std::string_view scheme : {"https://", "mhsm://"})
        if (equal_ignoring_case(text.substr(0, scheme.size()), scheme)) return text.substr(scheme.size());
    return std::nullopt;
}

}  // namespace

std::string Origin::authority() const { return port == 443 ? host : concat({host, ":", std::to_string(port)}); }

std::string Origin::text() const { return concat({"https://", authority()}); }

std::string KeyUrl::text() const {
    auto url = concat({origin.text(), keys_path, name});
    if (!version.empty()) url += concat({"/", version});
    return url;
}

std::string KeyUrl::attestation(std::string_view api_version) const {
    return concat({text(), "/attestation?api-version=", percent_encoded(api_version)});
}

const Domain *managed_hsm_domain(std::string_view host) {
    for (const auto &domain : domains)
        if (host.ends_with(domain.suffix) && is_label(host.substr(0, host.size() - domain.suffix.size())))
            return &domain;
    return nullptr;
}

std::optional<Origin> parse_authority(std::string_view text) {
    Origin origin;
    const auto colon = text.find(':');
    if (colon != std::string_view::npos) {
        const auto port = decimal(text.substr(colon + 1), 65535);
        if (!port || *port == 0) return std::nullopt;
        origin.port = *port;
    }
    origin.host = lower_case(text.substr(0, colon));
    if (!is_host(origin.host)) return std::nullopt;
    return origin;
}

KeyUrl parse_key_url(std::string_view text) {
    static constexpr std::string_view expected = "https://POOL.managedhsm.azure.net/keys/NAME or .../keys/NAME/VERSION";
    const auto rest = without_scheme(text);
    if (!rest) malformed("the key URL", text, expected);
    const auto slash = rest->find('/');
    const auto origin = parse_authority(rest->substr(0, slash));
    if (!origin || slash == std::string_view::npos || !rest->substr(slash).starts_with(keys_path))
        malformed("the key URL", text, expected);
    const auto parts = split(rest->substr(slash + keys_path.size()), '/');
    if (parts.size() > 2 || !is_name(parts[0], 127) || (parts.size() == 2 && !is_name(parts[1], 64)))
        malformed("the key URL", text, expected);
    return {*origin, std::string(parts[0]), parts.size() == 2 ? std::string(parts[1]) : std::string()};
}

Origin parse_pool(std::string_view text) {
    static constexpr std::string_view expected = "the name of a pool, or https://POOL.managedhsm.azure.net";
    auto rest = without_scheme(text);
    if (!rest) {
        if (!is_label(text)) malformed("the pool", text, expected);
        return {concat({lower_case(text), domains[0].suffix}), 443};
    }
    if (rest->ends_with('/')) rest->remove_suffix(1);
    const auto origin = parse_authority(*rest);
    if (!origin) malformed("the pool", text, expected);
    return *origin;
}

void require_allowed(const Origin &origin, const std::vector<Origin> &allowed) {
    if (managed_hsm_domain(origin.host) != nullptr && origin.port == 443) return;
    if (std::find(allowed.begin(), allowed.end(), origin) != allowed.end()) return;
    throw Error(MHSM_FETCH_HOST_REFUSED,
                concat({"the host ", origin.authority(),
                        " is not a Managed HSM (*.managedhsm.azure.net, *.managedhsm.azure.cn, ",
                        "*.managedhsm.usgovcloudapi.net): it gets no token unless you allow it with -allow_host ",
                        origin.authority()}));
}

std::optional<std::string> tls_pool(const Origin &origin) {
    if (managed_hsm_domain(origin.host) == nullptr || origin.port != 443) return std::nullopt;
    return origin.host.substr(0, origin.host.find('.'));
}

std::string next_page(std::string_view link, const Origin &origin, std::string_view path) {
    const auto refuse = [&](std::string_view why) {
        throw Error(MHSM_FETCH_PROTOCOL, concat({origin.text(), path, ": refused to follow the nextLink ",
                                                 one_line(link, 200), ": ", why, "; it would have received a token"}));
    };
    static constexpr std::string_view https = "https://";
    if (!equal_ignoring_case(link.substr(0, https.size()), https)) refuse("it is not https");
    const auto rest = link.substr(https.size());
    const auto end = rest.find_first_of("/?#");
    const auto target = parse_authority(rest.substr(0, end));
    if (!target || *target != origin) refuse("it leads to another host");
    const auto page = end == std::string_view::npos ? std::string_view() : rest.substr(end);
    if (!page.starts_with(path) || page.size() == path.size() || page[path.size()] != '?')
        refuse("it leads to another path");
    if (!std::all_of(page.begin(), page.end(), [](char c) { return c > ' ' && c < 0x7f && c != '#' && c != '\\'; }))
        refuse("it is malformed");
    if (page.size() > 4096) refuse("it is too long");
    return std::string(page);
}

}  // namespace mhsm::fetch
