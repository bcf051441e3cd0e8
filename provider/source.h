// Where evidence comes from: a file, or the service.
#pragma once

#include "context.h"
#include "uri.h"

namespace mhsm::provider {

// The evidence that `uri` names, verified. Throws Error.
AttestedPtr obtain(Context &context, const Uri &uri);

}  // namespace mhsm::provider
