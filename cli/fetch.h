// Evidence from the service, by way of the fetch library, which is loaded only here.
#pragma once

#include <string>

#include "diagnostics.h"
#include "options.h"
#include "shim/fetch/client.h"

namespace mhsm::cli {

// Opens the fetch library with the settings of the options.
fetch::Expected<fetch::Session> open_session(const Options &options);

}  // namespace mhsm::cli
