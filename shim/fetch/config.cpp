#include "config.h"

#include <algorithm>
#include <array>
#include <utility>

#include "error.h"
#include "text.h"

namespace mhsm::fetch {
namespace {

constexpr std::array<std::pair<std::string_view, Auth>, 7> auth_names{{
    {"auto", Auth::automatic},
    {"token", Auth::token},
    {"client-secret", Auth::client_secret},
    {"client-certificate", Auth::client_certificate},
    {"workload-identity", Auth::workload_identity},
    {"managed-identity", Auth::managed_identity},
    {"azure-cli", Auth::azure_cli},
}};

[[noreturn]] void refuse(std::initializer_list<std::string_view> parts) {
    throw Error(MHSM_FETCH_BAD_PARAMETER, concat(parts));
}

Auth auth_named(const char *name) {
    if (name == nullptr) return Auth::automatic;
    for (const auto &[known, auth] : auth_names)
        if (known == name) return auth;
    refuse({"unknown credential ", one_line(name),
            ": expected auto, token, client-secret, client-certificate, workload-identity, managed-identity or "
            "azure-cli"});
}

std::vector<std::string> list_of(const char *const *texts) {
    std::vector<std::string> list;
    for (; texts != nullptr && *texts != nullptr; ++texts) list.emplace_back(*texts);
    return list;
}

std::string text_of(const char *text, std::string_view otherwise = {}) {
    return text != nullptr ? std::string(text) : std::string(otherwise);
}

}  // namespace

Config checked(const MHSM_FETCH_CONFIG *config) {
    if (config == nullptr || config->size != sizeof(MHSM_FETCH_CONFIG))
        refuse({"the configuration has the size of another version of the fetch library"});
    Config result;
    result.auth = auth_named(config->auth);
    result.token_file = text_of(config->token_file);
    for (const auto &host : list_of(config->allowed_hosts)) {
        const auto origin = parse_authority(host);
        if (!origin) refuse({"the allowed host ", one_line(host), ": expected HOST or HOST:PORT"});
        result.allowed_hosts.push_back(*origin);
    }
    result.connect_to = list_of(config->connect_to);
    for (const auto &entry : result.connect_to)
        if (std::count(entry.begin(), entry.end(), ':') < 3)
            refuse({"the connection ", one_line(entry), ": expected HOST1:PORT1:HOST2:PORT2"});
    result.ca_file = text_of(config->ca_file);
    result.ca_path = text_of(config->ca_path);
    result.api_version = text_of(config->api_version, "7.6");
    if (result.api_version.empty() || result.api_version.size() > 64)
        refuse({"the api-version must have 1 to 64 characters"});
    if (config->timeout > 86400) refuse({"the timeout must be at most 86400 seconds"});
    if (config->retries > 100) refuse({"there must be at most 100 retries"});
    if (config->jobs > 256) refuse({"there must be at most 256 jobs"});
    if (config->timeout != 0) result.timeout = config->timeout;
    if (config->retries >= 0) result.retries = static_cast<unsigned>(config->retries);
    if (config->jobs != 0) result.jobs = config->jobs;
    result.log_line = config->log;
    result.stop_asked = config->stop;
    result.arg = config->arg;
    return result;
}

}  // namespace mhsm::fetch
