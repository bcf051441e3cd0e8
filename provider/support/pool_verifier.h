// Verifies the answers of a pool one after the other.
#pragma once

#include <optional>
#include <string>

#include "core/verify.h"
#include "support/settings.h"

namespace mhsm::support {

// The keys of a pool have few partitions between them, which a verifier remembers under one and the same trust. One
// thread at a time.
class PoolVerifier {
public:
    // Both must outlive it.
    PoolVerifier(OSSL_LIB_CTX *libctx, const Trust &trust) : libctx_(libctx), given_(trust) {}

    // The verifier of evidence that came from `tls_pool` (see Trust); it lasts until another pool is asked for.
    Verifier &of(const std::string &tls_pool) {
        if (verifier_ && trust_.tls_pool == tls_pool) return *verifier_;
        verifier_.reset();
        trust_ = copy_trust(given_, tls_pool);
        return verifier_.emplace(libctx_, trust_);
    }

private:
    OSSL_LIB_CTX *libctx_;
    const Trust &given_;
    Trust trust_;
    std::optional<Verifier> verifier_;
};

}  // namespace mhsm::support
