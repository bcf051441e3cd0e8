// The key data behind every EVP_PKEY of this provider.
#pragma once

#include "context.h"

namespace mhsm::provider {

// Attested evidence and, for RSA and EC, its public key in the provider's own library context.
struct AttestedKey {
    Context *context = nullptr;
    AttestedPtr attested;    // null only between new and import
    EvpPkeyPtr public_key;   // null for MHSM-ATTESTATION
};
using AttestedKeyPtr = std::unique_ptr<AttestedKey>;

// RSA or EC for asymmetric keys, MHSM-ATTESTATION for symmetric ones.
const char *key_type_of(const Attested &attested);

AttestedKeyPtr make_key(Context &context, AttestedPtr attested);
AttestedKeyPtr copy_key(const AttestedKey &key);

// The public key in `attested` as an object of `libctx`; null if it is symmetric.
EvpPkeyPtr public_key_of(OSSL_LIB_CTX *libctx, const Attested &attested);

// Gives the key to `callback`, a loader's or a decoder's, by reference and never by value: it would arrive without
// its attestation. Returns what the callback does; a key that nobody took is freed.
int hand_over(AttestedKeyPtr key, OSSL_CALLBACK *callback, void *argument);

// The key behind such a reference, now the caller's; null if there is none.
AttestedKeyPtr take_reference(const void *reference, std::size_t size);

}  // namespace mhsm::provider
