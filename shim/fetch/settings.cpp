#include "shim/fetch/settings.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/attributes.h"
#include "shim/fetch/url.h"

namespace mhsm::fetch {
namespace {

constexpr auto modes = std::to_array<std::string_view>(
    {"auto", "token", "client-secret", "client-certificate", "workload-identity", "managed-identity", "azure-cli"});

Error bad(const std::string &what, std::string_view found, const std::string &expected) {
    return {MHSM_FETCH_BAD_PARAMETER, 0,
            what + ": expected " + expected + ", found " + printable(found.substr(0, 200))};
}

void copy(std::string &to, const char *from) {
    if (from != nullptr && *from != '\0') to = from;
}

void copy(std::vector<std::string> &to, const char *const *from) {
    for (; from != nullptr && *from != nullptr; ++from) to.emplace_back(*from);
}

bool is_api_version(std::string_view text) {
    constexpr std::size_t longest = 40;
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    return !text.empty() && text.size() <= longest && text.find_first_not_of(allowed) == std::string_view::npos;
}

// HOST1:PORT1:HOST2:PORT2; libcurl would pass over an entry that it does not understand.
bool is_connect_to(std::string_view text) {
    return std::ranges::count(text, ':') >= 3 && std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

Fetched<Settings> read_settings(const MHSM_FETCH_CONFIG *config) {
    Settings settings;
    settings.log = [](const std::string &) {};
    settings.stop = [] { return false; };
    if (config == nullptr) return settings;
    if (config->size != sizeof(MHSM_FETCH_CONFIG))
        return bad("size", std::to_string(config->size), std::to_string(sizeof(MHSM_FETCH_CONFIG)));
    copy(settings.auth, config->auth);
    copy(settings.token_file, config->token_file);
    copy(settings.ca_file, config->ca_file);
    copy(settings.ca_path, config->ca_path);
    copy(settings.api_version, config->api_version);
    copy(settings.allowed_hosts, config->allowed_hosts);
    copy(settings.connect_to, config->connect_to);
    if (config->timeout != 0) settings.timeout = config->timeout;
    if (config->retries >= 0) settings.retries = config->retries;
    if (config->jobs != 0) settings.jobs = config->jobs;
    void *const arg = config->arg;
    if (config->log != nullptr)
        settings.log = [log = config->log, arg](const std::string &line) { log(arg, line.c_str()); };
    if (config->stop != nullptr) settings.stop = [stop = config->stop, arg] { return stop(arg) != 0; };

    if (std::ranges::find(modes, settings.auth) == modes.end())
        return bad("authentication mode", settings.auth,
                   "auto, token, client-secret, client-certificate, workload-identity, managed-identity or azure-cli");
    if (!is_api_version(settings.api_version)) return bad("api-version", settings.api_version, "a version such as 7.6");
    for (const auto &host : settings.allowed_hosts)
        if (!parse_authority(host)) return bad("allowed host", host, "a host, or host:port");
    for (const auto &entry : settings.connect_to)
        if (!is_connect_to(entry)) return bad("connect to", entry, "HOST1:PORT1:HOST2:PORT2");
    return settings;
}

}  // namespace mhsm::fetch
