// Gets past the pool's door: challenge, token, and the token again when it has ended.
#pragma once

#include <optional>
#include <string>

#include "shim/fetch/challenge.h"
#include "shim/fetch/credential.h"

namespace mhsm::fetch {

class Authorizer {
public:
    Authorizer(const Settings &settings, Environment environment, Http &http);

    // Nothing is sent to a host that must not have a token.
    std::optional<Error> admit(const Origin &pool) const;
    // Whether a token for `pool` is at hand that has not ended.
    bool has_token(const Origin &pool) const;
    // Answers the challenge of a 401 of `pool` with a token for it. Drops the one that was refused.
    std::optional<Error> answer(const Origin &pool, const Response &response);
    // A token that needs no challenge, if the credential is one the user already has.
    std::optional<Error> prepare(const Origin &pool);

    // Whether another token may be had than the one that was refused.
    bool renews() const { return !credential_ || credential_->renews(); }

    // "Authorization: Bearer ..."; empty without a token.
    Secret header(const Origin &pool) const;
    // Why a 401 in spite of a token.
    Error refused(const Origin &pool, const Response &response, const std::string &what) const;

private:
    std::optional<Error> choose();
    std::optional<Error> take_token(const Origin &pool, const Wanted &wanted);

    const Settings &settings_;
    Environment environment_;
    Http &http_;
    CredentialPtr credential_;
    Origin holder_;  // the pool that token_ is for
    std::optional<Token> token_;
    std::string wanted_tenant_;
};

}  // namespace mhsm::fetch
