// -pool: the evidence of every key of a pool, fetched and verified.
#pragma once

#include "diagnostics.h"
#include "options.h"

namespace mhsm::cli {

// Writes one line for each key in the order in which the answers come, and what all came to. The exit status is that
// of report_totals(); it is never `verified` if the pool could not be listed to its end.
Exit run_pool(const Options &options);

}  // namespace mhsm::cli
