// -batch: a stream of evidence in, one line for each entry out.
#pragma once

#include "diagnostics.h"
#include "options.h"

namespace mhsm::cli {

Exit run_batch(const Options &options);

}  // namespace mhsm::cli
