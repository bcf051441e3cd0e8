// What gives tokens: one class for each way to authenticate.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "challenge.h"
#include "config.h"
#include "http.h"
#include "token.h"

namespace mhsm::fetch {

// No such credential on this machine: the next kind may be tried.
class NotAvailable : public Error {
public:
    explicit NotAvailable(std::string text) : Error(MHSM_FETCH_NO_CREDENTIAL, std::move(text)) {}
};

// What credentials work with; outlives them.
struct Surroundings {
    const Config &config;
    Transport &transport;
};

// Makes a token for a challenge. Throws NotAvailable, or Error (CREDENTIAL_FAILED, or of the transport).
using Credential = std::function<Token(const Surroundings &, const Challenge &)>;

Token given_token(const Surroundings &, const Challenge &);
Token client_secret_token(const Surroundings &, const Challenge &);
Token client_certificate_token(const Surroundings &, const Challenge &);
Token workload_identity_token(const Surroundings &, const Challenge &);
Token managed_identity_token(const Surroundings &, const Challenge &);
Token azure_cli_token(const Surroundings &, const Challenge &);

// The token of the configured credential, or of the first that is there: then `used` names it.
Token obtain_token(const Surroundings &surroundings, const Challenge &challenge, std::string &used);

}  // namespace mhsm::fetch
