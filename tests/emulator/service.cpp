#include "service.h"

#include <algorithm>
#include <sstream>

#include "json.h"
#include "options.h"

namespace emulator {
namespace {

std::string without_port(const std::string &host) { return host.substr(0, host.find(':')); }

// Null on this machine, where the emulator itself is the cloud.
const Cloud *cloud_of(const Request &request) {
    const auto in = [host = without_port(request.host)](const Cloud &cloud) {
        return host.ends_with("." + std::string(cloud.domain));
    };
    const auto found = std::find_if(clouds.begin(), clouds.end(), in);
    return found == clouds.end() ? nullptr : &*found;
}

// Of a host on this machine it is that host: clients take no top-level domain such as localhost for an audience.
std::string audience(const Request &request) {
    const Cloud *const cloud = cloud_of(request);
    return "https://" + (cloud ? std::string(cloud->domain) : without_port(request.host));
}

std::string origin(const Request &request) {
    constexpr std::string_view usual = ":443";
    std::string host = request.host;
    if (host.ends_with(usual)) host.resize(host.size() - usual.size());
    return "https://" + host;
}

std::string parameter(const std::map<std::string, std::string> &from, const std::string &name) {
    const auto found = from.find(name);
    return found == from.end() ? "" : found->second;
}

std::string header(const Request &request, const std::string &name) {
    const auto found = request.headers.find(name);
    return found == request.headers.end() ? "" : found->second;
}

// The parts between slashes, empty ones too: "/keys/a//attestation" has four.
std::vector<std::string> parts_of(const std::string &path) {
    std::vector<std::string> parts;
    std::istringstream stream(path.substr(1));
    for (std::string part; std::getline(stream, part, '/');) parts.push_back(part);
    return parts;
}

Reply no_such(const std::string &what) {
    return service_error(404, what + "NotFound",
                         "A " + what + " with this name or version was not found in this pool.");
}

struct Window {
    std::size_t first = 0, count = 0;
};

std::optional<Window> window(const Request &request) {
    constexpr std::uint64_t most = 25, farthest = 1000000;
    const std::string count = parameter(request.parameters, "maxresults");
    const std::string first = parameter(request.parameters, "$skiptoken");
    try {
        const Window result{first.empty() ? 0 : parse_number(first, farthest),
                            count.empty() ? most : parse_number(count, most)};
        if (result.count > 0) return result;
    } catch (const UsageError &) {
    }
    return std::nullopt;
}

}  // namespace

Reply service_error(int status, const std::string &code, const std::string &message, const std::string &inner) {
    std::string error = "{\"code\":" + forge::quoted(code) + ",\"message\":" + quote_json(message);
    if (!inner.empty()) error += ",\"innererror\":{\"code\":" + forge::quoted(inner) + "}";
    return {status, "{\"error\":" + error + "}}", {}};
}

bool Service::is_pool(const Request &request) const {
    return request.listener == Listener::stranger || request.host.substr(0, request.host.find('.')) == pool_.name();
}

Defect Service::token_defect(const Request &request) const {
    const auto fault = faults_.take(Point::token, request.path);
    if (!fault) return Defect::none;
    return fault->variant == "audience"  ? Defect::audience
           : fault->variant == "expired" ? Defect::expired
                                         : Defect::tenant;
}

Reply Service::answer(const Request &request) const {
    const auto parts = parts_of(request.path);
    if (request.listener == Listener::plain) return identity(request);
    if (request.method == "POST" && parts.size() == 4 && parts[1] == "oauth2" && parts[2] == "v2.0" &&
        parts[3] == "token")
        return tokens_.grant(request.form, parts[0], origin(request) + request.path, token_defect(request));
    if (is_pool(request)) return pool_answer(request);
    return service_error(404, "NotFound", "No pool is named " + request.host + "; this one is " + pool_.name() + ".");
}

Reply Service::challenge(const Request &request, const std::string &why) const {
    Reply reply = service_error(401, "Unauthorized", "Request is missing a valid Bearer token: " + why + ".");
    const auto fault = faults_.take(Point::challenge, request.path);
    const std::string how = fault ? fault->variant : "";
    if (how == "none") return reply;
    const Cloud *const cloud = cloud_of(request);
    std::string authority =
        "https://" + (cloud ? std::string(cloud->sign_in) : "localhost:" + std::to_string(ports_.tls));
    std::string resource = audience(request);
    if (how == "resource") resource = "https://vault.azure.net";
    if (how == "authority") authority = "https://stranger.localhost:" + std::to_string(ports_.stranger);
    if (how == "http") authority = "http://localhost:" + std::to_string(ports_.plain);
    reply.headers["WWW-Authenticate"] =
        "Bearer authorization=" + forge::quoted(authority + "/" + tokens_.application().tenant) +
        ", resource=" + forge::quoted(resource);
    return reply;
}

Reply Service::pool_answer(const Request &request) const {
    const auto parts = parts_of(request.path);
    if (parts.empty() || parts[0] != "keys") return service_error(404, "NotFound", "There is nothing here.");
    const std::string objection = tokens_.objection(request.authorization, audience(request));
    if (!objection.empty()) return challenge(request, objection);
    if (request.method != "GET")
        return service_error(405, "MethodNotAllowed", "The emulator only hands out keys and attestations.");
    if (parameter(request.parameters, "api-version").empty())
        return service_error(400, "BadParameter", "api-version must be specified");
    return parts.size() == 1 ? list_keys(request) : key_answer(request, parts);
}

Reply Service::page_reply(const Request &request, const Page &page) const {
    std::string value;
    for (const auto &item : page.items) value.append(value.empty() ? "" : ",").append(item);
    std::string next = "null";
    if (page.next != 0) {
        std::string target = request.path + "?api-version=" + parameter(request.parameters, "api-version") +
                             "&$skiptoken=" + std::to_string(page.next);
        const std::string count = parameter(request.parameters, "maxresults");
        if (!count.empty()) target += "&maxresults=" + count;
        const auto fault = faults_.take(Point::next_link, request.path);
        if (!fault)
            next = quote_json(origin(request) + target);
        else
            next = quote_json(fault->variant == "same" ? origin(request) + request.path + "?" + request.query
                                                       : elsewhere(fault->variant, target));
    }
    return {200, "{\"value\":[" + value + "],\"nextLink\":" + next + "}", {}};
}

std::string Service::elsewhere(const std::string &to, const std::string &target) const {
    if (to == "host") return "https://stranger.localhost:" + std::to_string(ports_.stranger) + target;
    if (to == "http") return "http://localhost:" + std::to_string(ports_.plain) + target;
    return "/elsewhere" + target;
}

Reply Service::list_keys(const Request &request) const {
    const auto shown = window(request);
    if (!shown) return service_error(400, "BadParameter", "maxresults must be 1 to 25, $skiptoken one of ours");
    return page_reply(request, pool_.keys(origin(request), shown->first, shown->count));
}

Reply Service::key_answer(const Request &request, const std::vector<std::string> &parts) const {
    const bool attestation = parts.size() > 2 && parts.back() == "attestation";
    const std::size_t names = parts.size() - (attestation ? 1 : 0);
    const PoolKey *const key = pool_.find(parts[1]);
    if (!key || names > 3) return no_such("Key");
    if (key->forbidden)
        return service_error(403, "Forbidden",
                             "Caller is not authorized to perform action on resource. If role assignments were changed "
                             "recently, they may not have come into force yet. Action: "
                             "'Microsoft.KeyVault/managedHsm/keys/read/action'.",
                             "ForbiddenByRbac");
    if (names == 3 && !attestation && parts[2] == "versions") {
        const auto shown = window(request);
        if (!shown) return service_error(400, "BadParameter", "maxresults must be 1 to 25, $skiptoken one of ours");
        return page_reply(request, pool_.versions(origin(request), *key, shown->first, shown->count));
    }
    const KeyVersion *const version = key->find(names == 3 ? parts[2] : "");
    if (!version) return no_such("Key");
    return {200,
            attestation ? pool_.attestation_json(origin(request), *key, *version)
                        : pool_.key_json(origin(request), *key, *version),
            {}};
}

Reply Service::identity(const Request &request) const {
    const bool imds = request.path == "/metadata/identity/oauth2/token";
    if (!imds && request.path != "/msi/token") return service_error(404, "NotFound", "Not served over plain http.");
    const auto refuse = [](const std::string &why) {
        return Reply{400, "{\"error\":\"invalid_request\",\"error_description\":" + quote_json(why) + "}", {}};
    };
    if (request.method != "GET") return refuse("the method must be GET");
    if (imds && header(request, "metadata") != "true") return refuse("Required metadata header not specified");
    if (imds && request.headers.contains("x-forwarded-for")) return refuse("X-Forwarded-For is not allowed");
    if (!imds && header(request, "x-identity-header") != identity_header_)
        return {
            401, "{\"error\":\"invalid_client\",\"error_description\":\"X-IDENTITY-HEADER is missing or wrong\"}", {}};
    const std::string version = parameter(request.parameters, "api-version");
    if (version != (imds ? "2018-02-01" : "2019-08-01")) return refuse("api-version " + version + " is not known");
    return tokens_.grant_identity(parameter(request.parameters, "resource"), token_defect(request));
}

Reply Service::control(const Request &request) const {
    if (request.path == "/_emulator/requests" && request.method == "GET") return {200, recorder_.json(), {}};
    if (request.path == "/_emulator/requests" && request.method == "DELETE") {
        recorder_.clear();
        return {200, "{}", {}};
    }
    if (request.path == "/_emulator/faults" && request.method == "DELETE") {
        faults_.clear();
        return {200, "{}", {}};
    }
    if (request.path == "/_emulator/faults" && request.method == "PUT") {
        try {
            std::istringstream lines(request.body);
            for (std::string line; std::getline(lines, line);) faults_.add(parse_fault(line));
        } catch (const UsageError &error) {
            return service_error(400, "BadParameter", error.what());
        }
        return {200, "{}", {}};
    }
    return service_error(404, "NotFound", "GET or DELETE /_emulator/requests, PUT or DELETE /_emulator/faults");
}

}  // namespace emulator
