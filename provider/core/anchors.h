// Trust anchors: the Marvell roots embedded in this library, and roots given by the caller.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "certificate.h"

namespace mhsm {

struct EmbeddedRoot {
    std::string_view name;  // the product line
    std::string_view pem;
    std::string_view origin;  // where Marvell publishes it, for people to compare
};

// The Marvell LiquidSecurity roots compiled into this library.
std::span<const EmbeddedRoot> embedded_hsm_roots();

// Adds them to `into`. False if libcrypto cannot use them in `libctx`, where each must verify its own signature: for
// lack of an algorithm, or of memory. Throws std::bad_alloc.
bool add_embedded_hsm_roots(OSSL_LIB_CTX *libctx, std::vector<X509Ptr> &into);

// One or more certificates from PEM, or one from DER. Fails with anchor_unreadable. Throws std::bad_alloc, also where
// libcrypto only says that it cannot read them.
Result<std::vector<X509Ptr>> parse_anchors(OSSL_LIB_CTX *libctx, ByteView pem_or_der);

// A fingerprint "sha256:HEX" (colons between the bytes allowed, either case). Fails with pin_malformed.
Result<Sha256> parse_pin(std::string_view text);

// The known-pools file: one "<pool> sha256:HEX" a line, '#' starts a comment. Fails with known_pools_malformed.
struct KnownPool {
    std::string pool;
    Sha256 root;
};
Result<std::vector<KnownPool>> parse_known_pools(std::string_view text);

// Names of pools are labels of the DNS: upper and lower case are the same.
bool same_pool(std::string_view a, std::string_view b);

}  // namespace mhsm
