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

AttestedPtr Context::fetched(const std::string &url) {
    auto request = parse_request_url(url);
    if (!request) fail(ProviderReason::uri_malformed, url, "");
    auto answer = fetcher_.get(*settings_, url);
    // Not remembered: what is vouched for by the way it came is not vouched for by its bytes.
    return appraise(libctx(), as_bytes(answer.bytes),
                    settings_for_answer(*settings_, std::move(*request), answer.tls_pool.value_or("")), now());
}

}  // namespace mhsm::provider
