#include "private_context.h"

#include "error.h"

namespace mhsm::fetch {

PrivateContext::PrivateContext() : context_(OSSL_LIB_CTX_new()) {
    if (context_ != nullptr) provider_.reset(OSSL_PROVIDER_load(context_.get(), "default"));
    if (provider_ == nullptr)
        throw Error(MHSM_FETCH_INTERNAL, "OpenSSL's default provider cannot be loaded; it is needed for TLS");
}

}  // namespace mhsm::fetch
