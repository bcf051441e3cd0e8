// The settings of a session, copied out of the C structure and checked.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "shim/fetch/error.h"

namespace mhsm::fetch {

struct Settings {
    std::string auth = "auto";
    std::string token_file, ca_file, ca_path;
    std::string api_version = "7.6";
    std::vector<std::string> allowed_hosts, connect_to;
    unsigned timeout = 30;  // seconds
    int retries = 4;
    unsigned jobs = 8;
    std::function<void(const std::string &line)> log;  // never empty
    std::function<bool()> stop;                        // never empty
};

Fetched<Settings> read_settings(const MHSM_FETCH_CONFIG *config);

}  // namespace mhsm::fetch
