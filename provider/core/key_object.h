// One attested key: the attributes that say which key it is, checked for consistency among themselves.
#pragma once

#include <optional>
#include <string>

#include "attributes.h"
#include "evidence.h"

namespace mhsm {

enum class ObjectClass { public_key = 2, private_key = 3, secret_key = 4 };
enum class KeyType { rsa = 0x00, ec = 0x03, aes = 0x1f };

std::string_view class_name(ObjectClass object_class);  // "private key"
std::string_view key_type_name(KeyType type);           // "RSA"

// The four curves of Managed HSM, by the names that JWK (RFC 7518, RFC 8812) gives them.
struct Curve {
    int nid = 0;  // OpenSSL's number, which is what the HSM states
    std::string_view name;
    std::size_t field_bytes = 0;
    int bits = 0;
};
// The class that `object` states, in words, also if it is none that attestations hold.
std::string object_class_name(const BlobObject &object);
const Curve *curve_by_nid(std::uint32_t nid);
const Curve *curve_by_name(std::string_view name);

// Views borrow from the blob. Material: RSA modulus, or EC point 04||X||Y; none for AES.
struct KeyObject {
    const BlobObject *object = nullptr;
    ObjectClass object_class = ObjectClass::private_key;
    KeyType type = KeyType::rsa;
    int bits = 0;
    const Curve *curve = nullptr;
    ByteView material;
    std::optional<ByteView> exponent;
};

// Picks the object of the class that the blob must hold and checks class, type and size against each other
// and against kty (if known). `promised` is public_key for the public attestation, private_key for the
// private one, where a secret key is accepted unless kty forbids it. Fails with object_*.
Result<KeyObject> read_key_object(const Blob &blob, ObjectClass promised, const std::optional<JsonWebKey> &jwk,
                                  const std::string &subject);

// Makes public keys for libcrypto; what it fetches for one it keeps for the next. One thread at a time.
class KeyMaker {
public:
    explicit KeyMaker(OSSL_LIB_CTX *libctx) : libctx_(libctx) {}

    OSSL_LIB_CTX *libctx() const { return libctx_; }
    // Whether libcrypto knows keys of this type here.
    bool can_make(KeyType type);
    // An RSA or EC key from the OSSL_PARAMs of its type; null if libcrypto refuses them.
    EvpPkeyPtr make(KeyType type, OSSL_PARAM *params);

private:
    OSSL_LIB_CTX *libctx_;
    EvpPkeyCtxPtr rsa_, ec_;
};

// The attested public key as a libcrypto key in `libctx`; fails for symmetric keys and invalid material.
Result<EvpPkeyPtr> make_public_key(OSSL_LIB_CTX *libctx, const KeyObject &key, const std::optional<ByteView> &exponent,
                                   const std::string &subject);

Result<EvpPkeyPtr> make_public_key(KeyMaker &maker, const KeyObject &key, const std::optional<ByteView> &exponent,
                                   const std::string &subject);

// What a public key consists of. Views borrow from the blobs.
struct PublicMaterial {
    KeyType type = KeyType::rsa;
    const Curve *curve = nullptr;
    ByteView material, exponent;
};
// DER SubjectPublicKeyInfo, as public_key_der() of the key that make_public_key() made of the same; empty for symmetric
// keys and on allocation failure.
Bytes public_key_info(const PublicMaterial &key);

}  // namespace mhsm
