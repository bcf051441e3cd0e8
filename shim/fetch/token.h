// Bearer tokens: how they are read, what they claim, and when they end.
#pragma once

#include <cstdint>
#include <string>

#include "core/json.h"
#include "shim/fetch/error.h"
#include "shim/fetch/secret.h"

namespace mhsm::fetch {

struct Token {
    Secret text;
    std::int64_t expires = 0;  // Unix time; 0: not known
};

// A token as a person or a file gives it: white space around it is dropped; anything else that cannot stand in a
// header is refused. `where` names its source.
Fetched<Token> read_token(std::string text, const std::string &where);

// The answer of a token endpoint, of the metadata services or of az. Wipes `body`. `who` names the endpoint.
Fetched<Token> read_token_answer(Bytes &body, const std::string &who, std::int64_t now);

// What a JWT claims about itself, for messages; never believed. Empty if it is none. "tenant ..., audience ...,
// expired".
std::string claimed_by(const Token &token, std::int64_t now);

// Unpadded base64url.
std::string base64url_encode(ByteView bytes);

}  // namespace mhsm::fetch
