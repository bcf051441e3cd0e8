#include "shim/fetch/challenge.h"

#include <algorithm>
#include <array>
#include <map>

#include "core/attributes.h"

namespace mhsm::fetch {
namespace {

constexpr auto entra_hosts =
    std::to_array<std::string_view>({"login.microsoftonline.com", "login.microsoftonline.us",
                                     "login.partner.microsoftonline.cn", "login.chinacloudapi.cn"});

using Parameters = std::map<std::string, std::string>;

// Auth-params of one challenge (RFC 9110, 11.2): name = token or quoted string, separated by commas.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    // Those of the Bearer challenge, which may stand among others in one value; none if there is none.
    Parameters bearer() {
        Parameters parameters;
        bool inside = false;
        for (;;) {
            skip(" \t,");
            if (text_.empty()) return parameters;
            const auto word = token();
            skip(" \t");
            if (word.empty()) return {};
            if (!text_.starts_with('=')) {
                if (inside) return parameters;
                inside = lower_case(word) == "bearer";
                continue;
            }
            text_.remove_prefix(1);
            skip(" \t");
            auto value = text_.starts_with('"') ? quoted() : std::string(token());
            // Given twice, it means nothing that two readers would agree on.
            if (inside && !parameters.emplace(lower_case(word), std::move(value)).second) return {};
        }
    }

private:
    void skip(std::string_view characters) {
        text_.remove_prefix(std::min(text_.find_first_not_of(characters), text_.size()));
    }
    std::string_view token() {
        const auto word = text_.substr(0, text_.find_first_of(" \t,=\""));
        text_.remove_prefix(word.size());
        return word;
    }
    std::string quoted() {
        std::string value;
        for (text_.remove_prefix(1); !text_.empty() && text_.front() != '"'; text_.remove_prefix(1)) {
            if (text_.front() == '\\' && text_.size() > 1) text_.remove_prefix(1);
            value += text_.front();
        }
        if (!text_.empty()) text_.remove_prefix(1);
        return value;
    }

    std::string_view text_;
};

Error refused(const Origin &pool, const std::string &why) {
    return {MHSM_FETCH_CHALLENGE_REFUSED, 401,
            pool.text() + ": " + why + "; no token is sent there: is this the host of the pool?"};
}

std::string first_of(const Parameters &parameters, std::initializer_list<const char *> names) {
    for (const char *name : names)
        if (const auto found = parameters.find(name); found != parameters.end()) return found->second;
    return {};
}

bool is_resource_of(const std::string &resource, const Origin &pool) {
    if (const auto *domain = managed_hsm_domain(pool.host)) return resource == "https://" + *domain;
    const auto url = parse_https_url(resource);
    return url && (url->path_and_query.empty() || url->path_and_query == "/") && is_within(pool.host, url->origin.host);
}

bool makes_tokens(const Origin &authority, const std::string &authority_host) {
    if (authority.port == 443 && std::ranges::find(entra_hosts, authority.host) != entra_hosts.end()) return true;
    return !authority_host.empty() && parse_authority(authority_host) == authority;
}

bool is_tenant(std::string_view text) {
    constexpr std::size_t longest = 120;
    return text.size() <= longest && std::ranges::all_of(text, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                      c == '.';
           });
}

}  // namespace

Fetched<Challenge> read_challenge(const std::vector<std::string> &values, const Origin &pool,
                                  const std::string &authority_host) {
    Parameters parameters;
    for (const auto &value : values)
        if (parameters.empty()) parameters = Reader(value).bearer();
    if (parameters.empty()) return refused(pool, "it asks for authentication, but not for a bearer token");

    Challenge challenge;
    challenge.resource = first_of(parameters, {"resource", "scope"});
    constexpr std::string_view default_scope = "/.default";
    if (challenge.resource.ends_with(default_scope))
        challenge.resource.resize(challenge.resource.size() - default_scope.size());
    if (challenge.resource.ends_with('/')) challenge.resource.pop_back();
    if (!is_resource_of(challenge.resource, pool))
        return refused(pool, "it asks for a token for " + printable(challenge.resource.substr(0, 200)));

    const auto where = first_of(parameters, {"authorization", "authorization_uri"});
    const auto url = parse_https_url(where);
    if (!url || !makes_tokens(url->origin, authority_host))
        return refused(
            pool, "it asks for a token made by " + printable(where.substr(0, 200)) + ", which is not Microsoft Entra");
    challenge.authority = url->origin;
    auto path = std::string_view(url->path_and_query);
    if (path.starts_with('/')) path.remove_prefix(1);
    challenge.tenant = path.substr(0, path.find_first_of("/?"));
    if (!is_tenant(challenge.tenant))
        return refused(pool, "it names the tenant " + printable(challenge.tenant.substr(0, 200)));
    return challenge;
}

}  // namespace mhsm::fetch
