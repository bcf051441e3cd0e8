// An attested key as text, and what it takes to make it.
#pragma once

#include <string>

#include "attested_key.h"

namespace mhsm::provider {

std::string text_of(const AttestedKey &key);

// What was written to a memory BIO.
std::string content(BIO *bio);

}  // namespace mhsm::provider
