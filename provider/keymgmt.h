// What the key managers of all three key types have in common.
#pragma once

#include <openssl/core_names.h>

#include "attested_key.h"
#include "dispatch.h"
#include "mhsmattest.h"

namespace mhsm::provider {

inline AttestedKey &key_of(void *keydata) { return *static_cast<AttestedKey *>(keydata); }
inline const AttestedKey &key_of(const void *keydata) { return *static_cast<const AttestedKey *>(keydata); }

// Keys come from verified evidence only. libcrypto makes an empty one when it compares a key of another provider
// with ours; it stays empty and answers nothing.
OSSL_FUNC_keymgmt_new_fn new_empty_key;
OSSL_FUNC_keymgmt_free_fn free_key;
OSSL_FUNC_keymgmt_has_fn has_key;
OSSL_FUNC_keymgmt_validate_fn validate_key;
OSSL_FUNC_keymgmt_dup_fn duplicate_key;

// Takes a key of the type `name` from a reference; null for any other.
void *load_key(const void *reference, std::size_t size, std::string_view name);

}  // namespace mhsm::provider
