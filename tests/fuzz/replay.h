// Changes without libFuzzer.
#pragma once

#include "property.h"

namespace mhsm::fuzz {

// What LLVMFuzzerMutate does from now on follows from this number.
void seed_changes(unsigned seed);

}  // namespace mhsm::fuzz
