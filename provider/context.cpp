#include "context.h"

namespace mhsm::provider {

std::shared_ptr<Verifier> Context::verifier() {
    constexpr std::size_t most_bundles = 16;  // the process is not ours
    const std::lock_guard lock(verifier_mutex_);
    // One that lacked memory when it was made is made anew.
    if (!verifier_ || !verifier_->roots_proven())
        verifier_ = std::make_shared<Verifier>(libctx(), settings_->trust, most_bundles);
    return verifier_;
}

AttestedPtr Context::appraise(ByteView json, std::shared_ptr<const Settings> settings, std::int64_t time) {
    if (settings == settings_) return provider::appraise(*verifier(), json, std::move(settings), time);
    Verifier special(libctx(), settings->trust, 0);
    return provider::appraise(special, json, std::move(settings), time);
}

AttestedPtr Context::verified(ByteView json) {
    const auto digest = sha256(libctx(), json);
    if (!digest) fail(ProviderReason::crypto_unavailable, "SHA-256", "cannot be computed");
    if (auto known = recent_.find(*digest)) return known;
    auto attested = appraise(json, settings_, now());
    recent_.add(*digest, attested);
    return attested;
}

AttestedPtr Context::fetched(const std::string &url) {
    auto request = parse_request_url(url);
    if (!request) fail(ProviderReason::uri_malformed, url, "");
    auto answer = fetcher_.get(*settings_, url);
    // Not remembered: what is vouched for by the way it came is not vouched for by its bytes.
    return appraise(as_bytes(answer.bytes),
                    settings_for_answer(*settings_, std::move(*request), answer.tls_pool.value_or("")), now());
}

}  // namespace mhsm::provider
