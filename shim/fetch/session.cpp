#include "session.h"

#include "retry.h"
#include "service_error.h"
#include "text.h"

namespace mhsm::fetch {

void require_json(const std::string &line, const Response &response) {
    if (response.status != 200) throw service_failure(line, response);
    const auto type = response.first_header("content-type");
    const auto media = lower_case(trimmed(type.substr(0, type.find(';'))));
    if (media != "application/json" && !(media.starts_with("application/") && media.ends_with("+json")))
        throw Error(
            MHSM_FETCH_PROTOCOL,
            concat({line, ": the answer is ", type.empty() ? "of no type" : one_line(type, 80),
                    ", not application/json; is there a portal or proxy between this machine and the service?"}),
            response.status);
}

MHSM_FETCH_ANSWER answer_of(const Secret &body, const std::string &url, const std::optional<std::string> &pool) {
    return {reinterpret_cast<const unsigned char *>(body.view().data()), body.size(), url.c_str(),
            pool ? pool->c_str() : nullptr};
}

Request service_request(const std::string &url, const Authorization &authorization) {
    Request request;
    request.url = url;
    if (authorization.header) request.headers.push_back(*authorization.header);
    return request;
}

Response Session::authorized(const Origin &service, const std::string &url) {
    for (bool renewed = false;;) {
        Authorization sent;
        auto response = perform_with_retries(transport_, config_, [&] {
            sent = authorizer_.for_request(service);
            return service_request(url, sent);
        });
        if (response.status != 401) return response;
        if (renewed) throw authorizer_.refusal(service, "GET " + url, response);
        renewed = sent.header.has_value();  // the first request of a session asks what is wanted
        authorizer_.renew(service, sent, response);
    }
}

void Session::get(std::string_view url, const std::function<void(const MHSM_FETCH_ANSWER &)> &receive) {
    const auto key = parse_key_url(url);
    require_allowed(key.origin, config_.allowed_hosts);
    const auto source = key.attestation(config_.api_version);
    const auto response = authorized(key.origin, source);
    require_json("GET " + source, response);
    config_.log(concat({"GET ", source, ": ", std::to_string(response.body.size()), " bytes"}));
    const auto text = key.text();
    const auto pool = tls_pool(key.origin);
    receive(answer_of(response.body, text, pool));
}

}  // namespace mhsm::fetch
