// What the options name, read and understood before any evidence is: trust, policy, expectations.
#pragma once

#include "core/verify.h"
#include "options.h"

namespace mhsm::cli {

struct Setup {
    Trust trust;
    Policy policy;
    Expectations expectations;
};

// A Failure is a usage error: an option names something unreadable, malformed or unknown.
Result<Setup> read_setup(const Options &options);

}  // namespace mhsm::cli
