// Fetches evidence from the service. The library that does it is loaded by the first fetch, and libcurl with it.
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "settings.h"

namespace mhsm::provider {

class Fetcher {
public:
    // The answer to `url`, mhsm://host/keys/name[/version]. Throws Error. May be called by several threads at once.
    fetch::Answer get(const Settings &settings, const std::string &url);

private:
    fetch::Session take(const Settings &settings);
    void put_back(fetch::Session session);

    std::mutex mutex_;
    std::optional<fetch::Library> library_;
    // Sessions keep connections and tokens, and serve one thread at a time.
    std::vector<fetch::Session> idle_;
};

}  // namespace mhsm::provider
