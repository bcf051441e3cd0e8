// One session: settings, connections and tokens.
#pragma once

#include <functional>
#include <string>

#include "authorizer.h"
#include "config.h"
#include "http.h"

namespace mhsm::fetch {

class Session {
public:
    explicit Session(Config config)
        : config_(std::move(config)), transport_(config_), authorizer_({config_, transport_}) {}
    ~Session() = default;
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;

    // Throws Error.
    void get(std::string_view url, const std::function<void(const MHSM_FETCH_ANSWER &)> &receive);

    const Config &config() const { return config_; }
    Authorizer &authorizer() { return authorizer_; }

private:
    Response authorized(const Origin &service, const std::string &url);

    const Config config_;
    Transport transport_;
    Authorizer authorizer_;
};

// The answer to a request for `url` of `service`, once it is not 401: 200 with JSON, else its Error is thrown.
void require_json(const std::string &line, const Response &response);

// `body` as the caller is told about it; the pointers are those of the arguments.
MHSM_FETCH_ANSWER answer_of(const Secret &body, const std::string &url, const std::optional<std::string> &pool);

// A GET that carries `authorization`.
Request service_request(const std::string &url, const Authorization &authorization);

}  // namespace mhsm::fetch
