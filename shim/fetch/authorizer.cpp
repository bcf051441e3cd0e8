#include "shim/fetch/authorizer.h"

#include <curl/curl.h>

#include <cstdlib>
#include <ctime>

#include "core/attributes.h"
#include "shim/fetch/service_error.h"

namespace mhsm::fetch {
namespace {

// A token that ends while a request is on its way is of no use.
constexpr std::int64_t spare_seconds = 120;
constexpr std::int64_t suspicious_skew = 300;

// The host of $AZURE_AUTHORITY_HOST, which other Azure tools know as a URL.
std::string authority_host(const Environment &environment) {
    const auto text = environment("AZURE_AUTHORITY_HOST");
    const auto url = parse_https_url(text);
    return url ? url->origin.authority() : text;
}

std::string clock_advice(const Response &response) {
    const auto date = curl_getdate(response.date.c_str(), nullptr);
    if (date == -1) return {};
    const auto skew = static_cast<std::int64_t>(std::time(nullptr)) - static_cast<std::int64_t>(date);
    if (skew > -suspicious_skew && skew < suspicious_skew) return {};
    return "; this machine's clock is " + std::to_string(skew < 0 ? -skew : skew) + " s " +
           (skew < 0 ? "behind" : "ahead of") + " the service's: set it";
}

}  // namespace

Authorizer::Authorizer(const Settings &settings, Environment environment, Http &http)
    : settings_(settings), environment_(std::move(environment)), http_(http) {}

std::optional<Error> Authorizer::admit(const Origin &pool) const {
    if (may_get_token(pool, settings_.allowed_hosts)) return std::nullopt;
    return Error{MHSM_FETCH_HOST_REFUSED, 0,
                 pool.authority() +
                     " is not in a domain of Azure Managed HSM, so no token is sent there; if it is your "
                     "pool or an emulator, allow it with -allow_host (allow-hosts)"};
}

bool Authorizer::has_token(const Origin &pool) const {
    if (!token_ || holder_ != pool) return false;
    return token_->expires == 0 || token_->expires > std::time(nullptr) + spare_seconds;
}

std::optional<Error> Authorizer::choose() {
    if (credential_) return std::nullopt;
    auto chosen = choose_credential(settings_, environment_);
    if (!chosen) return chosen.error();
    credential_ = std::move(*chosen);
    return std::nullopt;
}

std::optional<Error> Authorizer::take_token(const Origin &pool, const Wanted &wanted) {
    token_.reset();
    auto token = credential_->get(wanted, http_);
    if (!token) return token.error();
    token_ = std::move(*token);
    holder_ = pool;
    return std::nullopt;
}

std::optional<Error> Authorizer::prepare(const Origin &pool) {
    if (has_token(pool)) return std::nullopt;
    const bool given =
        settings_.auth == "token" || (settings_.auth == "auto" && token_credential(settings_, environment_) != nullptr);
    if (!given) return std::nullopt;
    if (auto error = choose()) return error;
    return take_token(pool, {});
}

std::optional<Error> Authorizer::answer(const Origin &pool, const Response &response) {
    const auto challenge = read_challenge(response.challenges, pool, authority_host(environment_));
    if (!challenge) return challenge.error();
    if (auto error = choose()) return error;
    wanted_tenant_ = challenge->tenant;
    Wanted wanted{challenge->resource, challenge->authority.text(), environment_("AZURE_TENANT_ID")};
    if (wanted.tenant.empty()) wanted.tenant = challenge->tenant;
    if (const auto own = parse_https_url(environment_("AZURE_AUTHORITY_HOST"))) wanted.authority = own->origin.text();
    return take_token(pool, wanted);
}

Secret Authorizer::header(const Origin &pool) const {
    if (!token_ || holder_ != pool) return {};
    std::string header("Authorization: Bearer ");
    header.reserve(header.size() + token_->text.view().size());
    header.append(token_->text.view());
    return Secret(std::move(header));
}

Error Authorizer::refused(const Origin &pool, const Response &response, const std::string &what) const {
    auto text = what + ": the token was refused";
    const auto challenge = read_challenge(response.challenges, pool, authority_host(environment_));
    const auto tenant = challenge ? challenge->tenant : wanted_tenant_;
    if (!tenant.empty()) text += "; the pool wants one of tenant " + tenant;
    const auto claims = token_ ? claimed_by(*token_, std::time(nullptr)) : std::string();
    if (!claims.empty()) text += "; it says of itself: " + claims;
    text += "; get a new one for the right tenant and audience" + clock_advice(response);
    const auto words = service_words(response.body);
    if (!words.empty()) text += " (the service says: " + words + ")";
    return {MHSM_FETCH_UNAUTHORIZED, static_cast<int>(response.status), text};
}

}  // namespace mhsm::fetch
