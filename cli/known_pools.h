// The file of pools and the roots they are known by, kept as ssh keeps the hosts it knows.
#pragma once

#include <string>
#include <vector>

#include "core/anchors.h"

namespace mhsm::cli {

// Where it is unless -known_pools names another: $XDG_CONFIG_HOME/mhsm-attest/known_pools, with ~/.config for a
// variable that is not set. Empty if there is no home either.
std::string default_known_pools();

// The entries of `path`. A file that does not exist has none if it `may_be_missing`. A file that anybody, or another
// user than this one and root, can write to is refused: it decides whom to trust.
// A Failure names the file in `subject`, as those of record_pool do.
Result<std::vector<KnownPool>> read_known_pools(const std::string &path, bool may_be_missing);

// Adds `pool` with `root` (SHA-256 of its certificate), making the file and its folder if need be, unless the pool is
// known already. Other processes that do the same wait; on any error the old content stays. The value tells whether
// the entry is new. Fails with owner_pool_changed if the pool is known with another root by now.
Result<bool> record_pool(const std::string &path, const std::string &pool, const Sha256 &root);

}  // namespace mhsm::cli
