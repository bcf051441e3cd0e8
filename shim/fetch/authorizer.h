// Which token goes to which service.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "challenge.h"
#include "credentials/credential.h"

namespace mhsm::fetch {

// What one request carried, to be shown again when it is answered 401.
struct Authorization {
    std::optional<Secret> header;  // nothing: the service has not said yet what it wants
    unsigned generation = 0;       // of the token
};

class Authorizer {
public:
    explicit Authorizer(Surroundings surroundings) : surroundings_(surroundings) {}

    // For a request to `service`, which has been allowed; gets a new token if the last one is about to expire.
    Authorization for_request(const Origin &service);

    // After 401: reads the challenge and gets a token, unless that has happened since the request was sent.
    // Throws Error.
    void renew(const Origin &service, const Authorization &sent, const Response &response);

    // The error of a request that was refused in spite of a new token: what the service wants, what the token claims.
    Error refusal(const Origin &service, const std::string &line, const Response &response) const;

private:
    using Purpose = std::pair<std::string, std::string>;  // audience and tenant
    static Purpose purpose(const Challenge &challenge) { return {challenge.audience, challenge.tenant}; }

    Surroundings surroundings_;
    std::map<std::string, Challenge> challenges_;  // by the service's authority
    std::map<Purpose, Token> tokens_;
    unsigned generation_ = 0;
    std::string credential_;
};

// What to know when the service's clock (its Date header) and this machine's differ by over five minutes; else empty.
std::string clock_skew(std::string_view date_header, std::time_t now);

}  // namespace mhsm::fetch
