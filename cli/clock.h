// The time, which the core is told and never asks for.
#pragma once

#include "core/verify.h"
#include "options.h"

namespace mhsm::cli {

std::int64_t now();  // Unix seconds

// The time that -attime names, or now; none with -no_check_time.
VerificationTime verification_time(const Options &options);

}  // namespace mhsm::cli
