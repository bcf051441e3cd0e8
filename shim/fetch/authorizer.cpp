#include "authorizer.h"

#include <array>

#include "service_error.h"
#include "text.h"

namespace mhsm::fetch {
namespace {

constexpr std::time_t tolerated_skew = 300;

std::string utc(std::time_t time) {
    std::tm parts{};
    std::array<char, 32> text{};
    if (gmtime_r(&time, &parts) == nullptr) return "an unknown time";
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%SZ", &parts)};
}

std::string described(const Claims &claims, std::time_t now) {
    if (claims.tenant.empty() && claims.audience.empty() && claims.expires == 0)
        return "; the token is not readable as a JWT";
    auto text = concat({"; the token says: tenant ", claims.tenant.empty() ? "none" : claims.tenant, ", audience ",
                        claims.audience.empty() ? "none" : claims.audience});
    if (claims.expires != 0)
        text += concat({claims.expires < now ? ", expired at " : ", expires at ", utc(claims.expires)});
    return text;
}

}  // namespace

Authorization Authorizer::for_request(const Origin &service) {
    const auto known = challenges_.find(service.authority());
    if (known == challenges_.end()) return {};
    const auto key = purpose(known->second);
    auto token = tokens_.find(key);
    if (token == tokens_.end() || !token->second.fresh(std::time(nullptr))) {
        token = tokens_.insert_or_assign(key, obtain_token(surroundings_, known->second, credential_)).first;
        ++generation_;
    }
    return {Secret{"Authorization: Bearer ", token->second.value.view()}, generation_};
}

void Authorizer::renew(const Origin &service, const Authorization &sent, const Response &response) {
    if (sent.header ? sent.generation != generation_ : challenges_.contains(service.authority())) return;
    auto challenge = read_challenge(response.header("www-authenticate"), service);
    surroundings_.config.log(
        concat({service.text(), " wants a token of tenant ", challenge.tenant, " for ", challenge.audience}));
    if (sent.header) tokens_.erase(purpose(challenge));
    challenges_.insert_or_assign(service.authority(), std::move(challenge));
}

Error Authorizer::refusal(const Origin &service, const std::string &line, const Response &response) const {
    const auto now = std::time(nullptr);
    auto text = service_failure(line, response).text();
    const auto known = challenges_.find(service.authority());
    if (known != challenges_.end()) {
        const auto &challenge = known->second;
        text += concat({"; it wants a token of tenant ", challenge.tenant, " for ", challenge.audience,
                        ", and refused that of ", credential_});
        const auto token = tokens_.find(purpose(challenge));
        if (token != tokens_.end()) text += described(claims_of(token->second), now);
    }
    text += clock_skew(response.first_header("date"), now);
    return {MHSM_FETCH_UNAUTHORIZED, std::move(text), response.status};
}

std::string clock_skew(std::string_view date_header, std::time_t now) {
    const auto theirs = curl_getdate(std::string(date_header).c_str(), nullptr);
    if (theirs == -1 || std::abs(theirs - now) <= tolerated_skew) return {};
    return concat(
        {"; the clock of this machine says ", utc(now), ", the service's ", utc(theirs), ": correct it first"});
}

}  // namespace mhsm::fetch
