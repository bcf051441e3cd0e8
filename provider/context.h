// One loaded instance of the provider.
#pragma once

#include <memory>
#include <mutex>

#include "attested.h"
#include "fetcher.h"
#include "guard.h"

namespace mhsm::provider {

class Context {
public:
    // Throws Error if a module parameter is bad.
    explicit Context(const Upcalls &upcalls)
        : upcalls_(upcalls),
          libctx_(make_library_context(upcalls)),
          settings_(std::make_shared<const Settings>(read_settings(upcalls, libctx_.get()))) {}

    const Upcalls &upcalls() const { return upcalls_; }
    OSSL_LIB_CTX *libctx() const { return libctx_.get(); }
    const std::shared_ptr<const Settings> &settings() const { return settings_; }

    // Verifies under these settings, and throws Error unless everything passes. What the certificates of a partition
    // came to is remembered for the module's own settings.
    AttestedPtr appraise(ByteView json, std::shared_ptr<const Settings> settings, std::int64_t time);
    // Verifies under the module's settings for the current time; throws Error unless everything passes.
    AttestedPtr verified(ByteView json);
    // Fetches the evidence that `url` (mhsm://host/keys/name[/version]) names, and verifies it likewise.
    AttestedPtr fetched(const std::string &url);

private:
    std::shared_ptr<Verifier> verifier();

    Upcalls upcalls_;
    LibCtxPtr libctx_;
    std::shared_ptr<const Settings> settings_;
    std::mutex verifier_mutex_;
    std::shared_ptr<Verifier> verifier_;  // made when it is first needed: most commands only load this provider
    RecentlyVerified recent_;
    Fetcher fetcher_;
};

inline Context &context_of(void *provctx) { return *static_cast<Context *>(provctx); }

}  // namespace mhsm::provider
