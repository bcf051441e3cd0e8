// A run over all keys of a pool.
#pragma once

#include <string_view>

#include "session.h"

namespace mhsm::fetch {

// Throws Error: STOPPED, or why the pool could not be listed to its end.
void run_pool(Session &session, std::string_view pool, const MHSM_FETCH_RUN &run);

}  // namespace mhsm::fetch
