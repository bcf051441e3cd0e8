#include "shim/fetch/session.h"

#include <cstdlib>

#include "core/attributes.h"
#include "shim/fetch/service_error.h"

namespace mhsm::fetch {
namespace {

std::string process_environment(const char *name) {
    const char *value = ::secure_getenv(name);
    return value != nullptr ? value : "";
}

Request request_for(const std::string &url, const std::string &what, Secret token_header) {
    Request request;
    request.url = url;
    request.what = what;
    if (!token_header.empty()) request.headers.push_back(std::move(token_header));
    return request;
}

}  // namespace

std::string attestation_url(const KeyTarget &key, const Settings &settings) {
    return key.url() + "/attestation?api-version=" + settings.api_version;
}

Admission get_admission(Session &session, const Origin &pool, const std::string &url, const std::string &what) {
    auto &authorizer = session.authorizer;
    if (auto error = authorizer.admit(pool)) return {std::move(error), {}};
    if (auto error = authorizer.prepare(pool)) return {std::move(error), {}};
    if (authorizer.has_token(pool)) return {};
    auto response = session.http.perform_patiently([&] { return request_for(url, what, {}); });
    if (!response) return {response.error(), {}};
    if (response->status == 200) return {{}, std::move(*response)};
    if (response->status != 401) return {service_error(*response, what), {}};
    return {authorizer.answer(pool, *response), {}};
}

Fetched<Response> get_authorized(Session &session, const Origin &pool, const std::string &url,
                                 const std::string &what) {
    auto &authorizer = session.authorizer;
    auto admission = get_admission(session, pool, url, what);
    if (admission.error) return *admission.error;
    if (admission.answer) return std::move(*admission.answer);
    const auto ask = [&] {
        return session.http.perform_patiently([&] { return request_for(url, what, authorizer.header(pool)); });
    };
    auto response = ask();
    if (response && response->status == 401) {
        if (!authorizer.renews()) return authorizer.refused(pool, *response, what);
        if (const auto error = authorizer.answer(pool, *response)) return *error;
        response = ask();
        if (response && response->status == 401) return authorizer.refused(pool, *response, what);
    }
    if (response && response->status != 200) return service_error(*response, what);
    return response;
}

std::optional<Error> check_json(const Response &response, const std::string &what) {
    const auto type = lower_case(response.content_type.substr(0, response.content_type.find(';')));
    if (type != "application/json" && type != "text/json")
        return Error{MHSM_FETCH_PROTOCOL, static_cast<int>(response.status),
                     what + ": expected JSON, the answer has the content type " +
                         (type.empty() ? "of nothing" : printable(type.substr(0, 100))) +
                         "; is this a pool, and no proxy's login page?"};
    if (!response.body.empty()) return std::nullopt;
    return Error{MHSM_FETCH_PROTOCOL, static_cast<int>(response.status), what + ": the answer is empty; try again"};
}

Fetched<Response> get_attestation(Session &session, const KeyTarget &key) {
    const auto what = key.url();
    auto response = get_authorized(session, key.origin, attestation_url(key, session.settings), what);
    if (!response) return response;
    if (const auto error = check_json(*response, what)) return *error;
    return response;
}

}  // namespace mhsm::fetch

mhsm_fetch_session_st::mhsm_fetch_session_st(mhsm::fetch::Settings given)
    : settings(std::move(given)),
      http(settings, crypto),
      authorizer(settings, mhsm::fetch::process_environment, http) {}
