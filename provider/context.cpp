#include "context.h"

namespace mhsm::provider {

AttestedPtr Context::verified(ByteView json) {
    const auto digest = sha256(libctx(), json);
    if (!digest) fail(ProviderReason::crypto_unavailable, "SHA-256", "cannot be computed");
    if (auto known = recent_.find(*digest)) return known;
    auto attested = appraise(libctx(), json, settings_, now());
    recent_.add(*digest, attested);
    return attested;
}

}  // namespace mhsm::provider
