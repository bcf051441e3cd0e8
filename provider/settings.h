// What openssl.cnf says about this provider, read and understood before it loads.
#pragma once

#include <memory>
#include <string>

#include "core/verify.h"
#include "shim/fetch/client.h"
#include "upcalls.h"

namespace mhsm::provider {

using LibCtxPtr = std::unique_ptr<OSSL_LIB_CTX, Deleter<OSSL_LIB_CTX_free>>;

struct Settings {
    Trust trust;
    Policy policy;
    std::optional<KeyUrl> request;  // the key that the service was asked for; none if the evidence was not fetched
    std::string fetch_library;      // empty: where it is installed
    fetch::ClientConfig fetching;
};

// The context for the provider's own cryptography: the default provider, or what crypto-config says.
LibCtxPtr make_library_context(const Upcalls &upcalls);

// Throws Error for a parameter that names something unreadable, malformed or unknown.
Settings read_settings(const Upcalls &upcalls, OSSL_LIB_CTX *libctx);

// The settings of one key made with EVP_PKEY_fromdata: these, except where something else is given.
struct Override {
    std::string policy;      // name of a policy
    std::string owner_pins;  // comma-separated; no other pool root is then accepted

    bool empty() const { return policy.empty() && owner_pins.empty(); }
};
std::shared_ptr<const Settings> override_settings(const Settings &settings, const Override &given);

// The settings for the answer to `request`. `tls_pool`: see Trust.
std::shared_ptr<const Settings> settings_for_answer(const Settings &settings, KeyUrl request, std::string tls_pool);

}  // namespace mhsm::provider
