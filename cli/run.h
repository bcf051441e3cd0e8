// One run of the command.
#pragma once

#include "diagnostics.h"
#include "options.h"

namespace mhsm::cli {

// Does what the options ask for and says on stderr what went wrong.
Exit run(const Options &options);

}  // namespace mhsm::cli
