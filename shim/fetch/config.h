// The settings of a session, checked and copied.
#pragma once

#include <string>
#include <vector>

#include "include/mhsmattest-fetch.h"
#include "url.h"

namespace mhsm::fetch {

enum class Auth { automatic, token, client_secret, client_certificate, workload_identity, managed_identity, azure_cli };

struct Config {
    Auth auth = Auth::automatic;
    std::string token_file;
    std::vector<Origin> allowed_hosts;
    std::vector<std::string> connect_to;
    std::string ca_file;
    std::string ca_path;
    std::string api_version;
    unsigned timeout = 30;  // seconds
    unsigned retries = 4;
    unsigned jobs = 8;
    void (*log_line)(void *arg, const char *line) = nullptr;
    int (*stop_asked)(void *arg) = nullptr;
    void *arg = nullptr;

    void log(const std::string &line) const {
        if (log_line != nullptr) log_line(arg, line.c_str());
    }
    bool stop() const { return stop_asked != nullptr && stop_asked(arg) != 0; }
};

// Throws Error(BAD_PARAMETER).
Config checked(const MHSM_FETCH_CONFIG *config);

}  // namespace mhsm::fetch
