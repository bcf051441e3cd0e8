// Genuine evidence of many keys in many pools, for measuring.
#pragma once

#include <cstdint>
#include <filesystem>

namespace forge {

// Writes to `folder`: entries.jsonl with evidence of `count` RSA-2048 keys, pool after pool in turn, of `pools` pools;
// known-pools with the roots of all of them. No two entries are the same.
void write_stream(const std::filesystem::path &folder, std::uint64_t seed, std::uint64_t count, std::uint64_t pools);

}  // namespace forge
