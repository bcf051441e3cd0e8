// What the options name, read and understood before any evidence is: trust, policy, expectations.
#pragma once

#include "core/verify.h"
#include "diagnostics.h"
#include "options.h"

namespace mhsm::cli {

struct Setup {
    Trust trust;
    Policy policy;
    Expectations expectations;
};

// The file of known pools that the options or the user's habits name; empty if there is none.
std::string known_pools_path(const Options &options);

// -trust_pool: records the root of the pool in that file if `report` is verified and the pool itself showed it over TLS
// (`tls_pool`, as in Trust). Says on stderr what came of it.
Exit trust_pool(const Report &report, const Options &options, const std::string &tls_pool);

// A Failure is a usage error: an option names something unreadable, malformed or unknown.
Result<Setup> read_setup(const Options &options);

}  // namespace mhsm::cli
