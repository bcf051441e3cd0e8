// The two certificate chains of the evidence: Marvell root -> adapter -> partition, and pool root -> partition.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "anchors.h"

namespace mhsm {

enum class OwnerTrustMode {
    any,            // accept an unauthenticated pool root, and say so
    authenticated,  // pinned, or fetched from the pool itself over TLS
    pinned          // pinned only
};

enum class OwnerTrust { unauthenticated, tls, pinned };

struct Trust {
    bool embedded_hsm_roots = true;
    std::vector<X509Ptr> hsm_roots;  // additional ones
    OwnerTrustMode owner_mode = OwnerTrustMode::authenticated;
    std::vector<Sha256> owner_pins;  // SHA-256 of pool root certificates
    std::vector<KnownPool> known_pools;
    std::string tls_pool;  // pool this evidence was fetched from over verified TLS; else empty
};

// Unix time at which certificates must be valid; no value: dates are not checked.
using VerificationTime = std::optional<std::int64_t>;

// The certificates chosen from the bundle and the anchors. Pointers borrow from those; null where none was found.
struct ChosenChains {
    X509 *hsm_root = nullptr;
    X509 *adapter = nullptr;
    X509 *partition = nullptr;
    X509 *pool_root = nullptr;
    X509 *owner_partition = nullptr;
    Outcome hw_chain, owner_chain;
};

// Chooses the chains, without regard to the order of the bundle. If it vouches for several partitions, the one
// whose key `signed_evidence` accepts is taken; among equals a chain valid at `time`. Where there is no chain,
// the outcome tells the nearest miss. `signed_evidence` is asked only to tell partitions apart.
using SignedEvidence = std::function<bool(EVP_PKEY *)>;
ChosenChains choose_chains(const std::vector<X509Ptr> &bundle, const std::vector<X509Ptr> &hsm_roots,
                           VerificationTime time, const SignedEvidence &signed_evidence);

// hw.time and owner.time over the certificates given (root first).
Outcome check_validity(const std::vector<X509 *> &chain, VerificationTime time);

// partition.key: first the strength of the key that signs evidence, then that the pool vouches for the same key.
Outcome check_partition_key_strength(X509 *partition);
Outcome check_partition_keys_agree(X509 *partition, X509 *owner_partition);

// owner.authenticated; `trust` tells how the pool root was authenticated, whatever the mode demands.
struct OwnerDecision {
    Outcome outcome;
    OwnerTrust trust = OwnerTrust::unauthenticated;
};
OwnerDecision authenticate_owner(OSSL_LIB_CTX *libctx, X509 *pool_root, const Trust &trust);

}  // namespace mhsm
