// Files for scripts: evidence, the files its options name, and manifest.json that lists them all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "forge.h"

namespace forge {

// hsm-root.pem and pool-root.pem.
void write_anchors(const std::filesystem::path &folder, std::uint64_t seed);
// The cases and manifest.json.
void write_cases(const std::filesystem::path &folder, std::uint64_t seed, const std::vector<Case> &cases);

}  // namespace forge
