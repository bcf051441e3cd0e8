#include "files.h"

#include <openssl/crypto.h>

namespace mhsm::provider {

Sensitive::~Sensitive() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

}  // namespace mhsm::provider
