// Bearer tokens: opaque to us, except for what an error message may tell about them.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "secret.h"

namespace mhsm::fetch {

struct Token {
    Secret value;
    std::time_t expires = 0;  // 0: unknown

    // Whether it can still be used for a while.
    bool fresh(std::time_t now) const { return expires == 0 || expires > now + 120; }
};

// Text of a token from a variable or a file, white space around it removed. Nothing if it is empty or holds anything
// but the characters of a token: it would end up in a header.
std::optional<Token> parse_bearer(std::string_view text);

// The token of a JSON answer: `access_token` with `expires_in` or `expires_on` (OAuth 2.0, IMDS, App Service), or
// `accessToken` with `expires_on` (Azure CLI). Nothing if there is none.
std::optional<Token> parse_token_answer(std::string_view json, std::time_t now);

// What a token says about itself, unverified and fit for a terminal; empty where it is silent or no JWT.
struct Claims {
    std::string tenant;
    std::string audience;
    std::time_t expires = 0;
};
Claims claims_of(const Token &token);

}  // namespace mhsm::fetch
