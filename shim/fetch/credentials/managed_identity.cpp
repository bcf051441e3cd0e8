#include <algorithm>

#include "credentials/credential.h"
#include "retry.h"
#include "service_error.h"
#include "text.h"

namespace mhsm::fetch {
namespace {

constexpr std::string_view imds = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01";

// http is right only where nobody else can listen: on this machine, or link-local.
bool is_machine_address(std::string_view host) {
    if (host == "localhost") return true;
    const auto parts = split(host, '.');
    if (parts.size() != 4 ||
        !std::all_of(parts.begin(), parts.end(), [](auto part) { return decimal(part, 255).has_value(); }))
        return false;
    return parts[0] == "127" || (parts[0] == "169" && parts[1] == "254");
}

std::string with_identity(std::string url, const Challenge &challenge) {
    url += concat({"&resource=", percent_encoded(challenge.audience)});
    if (const auto client_id = environment("AZURE_CLIENT_ID"))
        url += concat({"&client_id=", percent_encoded(*client_id)});
    return url;
}

std::string app_service_url(const std::string &endpoint, const Challenge &challenge) {
    static constexpr std::string_view http = "http://";
    const auto rest = std::string_view(endpoint).substr(std::min(http.size(), endpoint.size()));
    const auto origin = parse_authority(rest.substr(0, rest.find('/')));
    const bool plain =
        std::all_of(endpoint.begin(), endpoint.end(), [](char c) { return c > ' ' && c < 0x7f && c != '#'; });
    if (!endpoint.starts_with(http) || !plain || !origin || !is_machine_address(origin->host))
        throw Error(MHSM_FETCH_CREDENTIAL_FAILED,
                    concat({"IDENTITY_ENDPOINT is ", one_line(endpoint),
                            ": expected http:// to this machine (127.0.0.0/8 or 169.254.0.0/16); nothing was sent"}));
    return with_identity(
        concat({endpoint, endpoint.find('?') == std::string::npos ? "?" : "&", "api-version=2019-08-01"}), challenge);
}

Token token_of(const std::string &line, const Response &response) {
    if (response.status != 200) {
        const auto failure = service_failure(line, response);
        throw Error(MHSM_FETCH_CREDENTIAL_FAILED, "managed identity: " + failure.text(), response.status);
    }
    auto token = parse_token_answer(response.body.view(), std::time(nullptr));
    if (!token) throw Error(MHSM_FETCH_CREDENTIAL_FAILED, concat({line, ": the answer holds no access_token"}), 200);
    return std::move(*token);
}

Request imds_request(const Challenge &challenge) {
    Request request;
    request.url = with_identity(std::string(imds), challenge);
    request.headers.emplace_back("Metadata: true");
    request.reach = Reach::machine;
    request.connect_timeout = 1;
    return request;
}

// Unlike other services, IMDS asks callers to come again after 404 and 410 while it is being updated.
bool comes_back(const Reply &reply) {
    const auto *response = std::get_if<Response>(&reply);
    return response != nullptr &&
           (response->status == 404 || response->status == 410 || is_retryable_status(response->status));
}

Token imds_token(const Surroundings &surroundings, const Challenge &challenge) {
    const auto &config = surroundings.config;
    for (unsigned attempt = 1;; ++attempt) {
        const auto request = imds_request(challenge);
        const auto reply = surroundings.transport.perform(request);
        // Where there is no IMDS nothing answers, and asking again would only take time.
        if (const auto *failure = std::get_if<TransportFailure>(&reply))
            throw NotAvailable(concat({"no managed identity on this machine (", failure->error.text(), ")"}));
        if (attempt > config.retries || !comes_back(reply)) return token_of(request.line(), std::get<Response>(reply));
        pause(config, pause_before_retry(reply, attempt).value_or(backoff(attempt, 0)));
    }
}

}  // namespace

Token managed_identity_token(const Surroundings &surroundings, const Challenge &challenge) {
    const auto endpoint = environment("IDENTITY_ENDPOINT");
    const auto header = environment("IDENTITY_HEADER");
    if (!endpoint || !header) return imds_token(surroundings, challenge);
    const auto url = app_service_url(*endpoint, challenge);
    if (!std::all_of(header->begin(), header->end(), [](char c) { return c > ' ' && c < 0x7f; }))
        throw Error(MHSM_FETCH_CREDENTIAL_FAILED, "IDENTITY_HEADER holds characters that no header may hold");
    const auto response = perform_with_retries(surroundings.transport, surroundings.config, [&] {
        Request request;
        request.url = url;
        request.headers.emplace_back(Secret{"X-IDENTITY-HEADER: ", *header});
        request.reach = Reach::machine;
        return request;
    });
    return token_of("GET " + url, response);
}

}  // namespace mhsm::fetch
