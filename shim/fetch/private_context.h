// Keeps curl's TLS away from the host's libcrypto configuration, and from the provider that may be calling us.
#pragma once

#include <openssl/crypto.h>
#include <openssl/provider.h>

#include <memory>

#include "core/ossl.h"

namespace mhsm::fetch {

// A library context with OpenSSL's default provider only. Inside a host's own context, TLS would come back to the
// provider that is waiting for us, and fail wherever `default` is not active there.
class PrivateContext {
public:
    PrivateContext();  // throws Error(INTERNAL)

    OSSL_LIB_CTX *get() const { return context_.get(); }

    // While it lives, the context is the thread's default.
    class Scope {
    public:
        explicit Scope(const PrivateContext &context) : before_(OSSL_LIB_CTX_set0_default(context.get())) {}
        ~Scope() { OSSL_LIB_CTX_set0_default(before_); }
        Scope(const Scope &) = delete;
        Scope &operator=(const Scope &) = delete;

    private:
        OSSL_LIB_CTX *before_;
    };

private:
    std::unique_ptr<OSSL_LIB_CTX, Deleter<OSSL_LIB_CTX_free>> context_;
    std::unique_ptr<OSSL_PROVIDER, Deleter<OSSL_PROVIDER_unload>> provider_;
};

}  // namespace mhsm::fetch
