// Changes to a blob that keep its sizes consistent, so that what comes after the first length check is reached.
#pragma once

#include <random>

#include "core/reader.h"

namespace mhsm::fuzz {

using Chance = std::minstd_rand;

// One to three changes to the attributes of one object; any other change where the layout is not recognised.
// `signature_size` bytes at the end are left alone.
Bytes mutate_blob(const Bytes &blob, std::size_t signature_size, Chance &chance);

// Any change, of the fuzzer's choice, to at most `growth` more bytes.
Bytes mutate_bytes(Bytes bytes, std::size_t growth);

}  // namespace mhsm::fuzz
