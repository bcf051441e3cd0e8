// An attested key as text.
#pragma once

#include <string>

#include "attested_key.h"

namespace mhsm::provider {

std::string text_of(const AttestedKey &key);

}  // namespace mhsm::provider
