// One session: settings, connections, tokens, and what it can be asked for.
#pragma once

#include "shim/fetch/authorizer.h"

// The structure that mhsmattest-fetch.h leaves open.
struct mhsm_fetch_session_st {
    explicit mhsm_fetch_session_st(mhsm::fetch::Settings given);
    mhsm_fetch_session_st(const mhsm_fetch_session_st &) = delete;
    mhsm_fetch_session_st &operator=(const mhsm_fetch_session_st &) = delete;

    // Connections close before the context they were made in goes.
    const mhsm::fetch::Settings settings;
    const mhsm::fetch::PrivateCrypto crypto;
    mhsm::fetch::Http http;
    mhsm::fetch::Authorizer authorizer;
};

namespace mhsm::fetch {

using Session = mhsm_fetch_session_st;

// The URL of the attestation of a key.
std::string attestation_url(const KeyTarget &key, const Settings &settings);

// Makes sure that a token for `pool` is at hand, by asking for `url` without one if need be. A pool that answers that
// with 200 wants none: then its answer is returned.
struct Admission {
    std::optional<Error> error;
    std::optional<Response> answer;
};
Admission get_admission(Session &session, const Origin &pool, const std::string &url, const std::string &what);

// GET with the token, patiently; a token that has ended is replaced once. An answer other than 200 is an Error.
Fetched<Response> get_authorized(Session &session, const Origin &pool, const std::string &url, const std::string &what);

// An answer of 200 must be JSON and hold something. `what` names the object.
std::optional<Error> check_json(const Response &response, const std::string &what);

// Hands the answer for `key` on.
Fetched<Response> get_attestation(Session &session, const KeyTarget &key);

}  // namespace mhsm::fetch
