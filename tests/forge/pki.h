// The test PKI: the same shape as the real one, every name marked as a test.
#pragma once

#include <cstdint>
#include <string>

#include "certificate.h"

namespace forge {

inline constexpr std::int64_t chains_begin = 1735689600;  // 2025-01-01
inline constexpr std::int64_t one_day = 86400;
// A month later, so that 25 years end in 2050, from which on X.509 writes dates in another form.
inline constexpr std::int64_t pools_begin = chains_begin + 30 * one_day;

struct Pki {
    Certificate root;             // hardware root; not part of the bundle
    Certificate adapter;          // X.509 v1
    Certificate partition;        // issued by the adapter
    Certificate pool_root;        // self-signed, "Microsoft Corporation"
    Certificate owner_partition;  // issued by the pool root, over the same key as `partition`
};

Pki make_pki(std::uint64_t seed);
std::string pool_name(std::uint64_t seed);

// Certificates of the wrong hands, built like the ones above.
Certificate self_signed_root(const std::string &common_name, const std::string &key);  // a hardware root
Certificate self_signed_pool_root(const std::string &pool, const std::string &key);
void set_adapter_name(Pki &pki, const std::string &common_name);  // and the issuer of the partition

}  // namespace forge
