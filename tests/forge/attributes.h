// The attribute lists of real attestations, adapted to every key type.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "blob.h"

namespace forge {

namespace cka {
inline constexpr std::uint32_t object_class = 0x0000, token = 0x0001, is_private = 0x0002, label = 0x0003,
                               trusted = 0x0086, key_type = 0x0100, id = 0x0102, sensitive = 0x0103, encrypt = 0x0104,
                               decrypt = 0x0105, wrap = 0x0106, unwrap = 0x0107, sign = 0x0108, sign_recover = 0x0109,
                               verify = 0x010a, derive = 0x010c, modulus = 0x0120, modulus_bits = 0x0121,
                               public_exponent = 0x0122, value_len = 0x0161, extractable = 0x0162, local = 0x0163,
                               never_extractable = 0x0164, always_sensitive = 0x0165, key_gen_mechanism = 0x0166,
                               modifiable = 0x0170, destroyable = 0x0172, check_value = 0x0173,
                               wrap_with_trusted = 0x0210, extended_check_value = 0x1003;
}  // namespace cka

enum class Family { rsa, ec, aes };

// One kind of key that Managed HSM makes.
struct KeyKind {
    std::string_view name;  // "rsa-2048"
    Family family = Family::rsa;
    unsigned bits = 0;
    std::string_view key;    // test key; "" for AES
    std::string_view curve;  // JWK name; "" unless EC
    unsigned nid = 0;        // OpenSSL's number of the curve
};
const std::vector<KeyKind> &key_kinds();
const KeyKind &key_kind(std::string_view name);

// What ties the objects of one key together.
struct Identity {
    std::uint32_t handle = 0;  // of the public object; the private one has the next
    std::string id;            // CKA_ID
    Bytes check_value, extended_check_value;
};

// The private object, or the secret one of a symmetric key.
Object private_object(const KeyKind &kind, Layout layout, const Identity &identity);
Object public_object(const KeyKind &kind, Layout layout, const Identity &identity);

}  // namespace forge
