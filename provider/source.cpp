#include "source.h"

#include "support/files.h"

namespace mhsm::provider {

AttestedPtr obtain(Context &context, const Uri &uri) {
    if (!uri.host.empty()) return context.fetched(uri.base);
    const auto content = support::read_file(uri.path);
    if (content.too_large) fail(Reason::json_too_large, "evidence.json", "more than 1 MiB");
    if (!content.error.empty()) fail(ProviderReason::evidence_unreadable, uri.path, content.error);
    return context.verified(content.bytes);
}

}  // namespace mhsm::provider
