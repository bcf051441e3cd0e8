// The texts of all errors, as libcrypto asks a provider for them.
#pragma once

#include <openssl/core.h>

namespace mhsm::provider {

const OSSL_ITEM *reason_strings();  // ends with id 0

}  // namespace mhsm::provider
