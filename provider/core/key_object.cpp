#include "key_object.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <bit>

namespace mhsm {
namespace {

constexpr auto curves = std::to_array<Curve>({{NID_X9_62_prime256v1, "P-256", 32, 256},
                                              {NID_secp384r1, "P-384", 48, 384},
                                              {NID_secp521r1, "P-521", 66, 521},
                                              {NID_secp256k1, "P-256K", 32, 256}});
constexpr int max_rsa_bits = 16384;

Failure wrong_size(std::string detail) { return {Reason::object_size_wrong, {}, std::move(detail)}; }
Failure absent(std::uint32_t type) { return {Reason::object_attribute_absent, {}, attribute_name(type)}; }

Result<std::uint32_t> required_number(const BlobObject &object, std::uint32_t type) {
    const auto number = read_number(object, type);
    if (!number) return number.failure();
    if (!*number) return absent(type);
    return **number;
}

std::optional<ObjectClass> to_class(std::uint32_t number) {
    switch (number) {
        case 2: return ObjectClass::public_key;
        case 3: return ObjectClass::private_key;
        case 4: return ObjectClass::secret_key;
        default: return std::nullopt;
    }
}

bool promises(ObjectClass promised, ObjectClass found) {
    if (promised == ObjectClass::public_key) return found == promised;
    return found == ObjectClass::private_key || found == ObjectClass::secret_key;
}

struct Picked {
    const BlobObject *object = nullptr;
    ObjectClass object_class = ObjectClass::private_key;
};

// The only object of the promised class; a blob may hold the other half of the key beside it.
Result<Picked> pick(const Blob &blob, ObjectClass promised) {
    Picked picked;
    std::string found;
    for (const auto &object : blob.objects) {
        const auto number = required_number(object, cka::CLASS);
        if (!number) return number.failure();
        const auto object_class = to_class(*number);
        found += (found.empty() ? "" : ", ") + object_class_name(object);
        if (!object_class || !promises(promised, *object_class)) continue;
        if (picked.object != nullptr) return Failure{Reason::object_ambiguous, {}, "found " + found};
        picked = {&object, *object_class};
    }
    if (picked.object == nullptr)
        return Failure{
            Reason::object_class_wrong, {}, "expected " + std::string(class_name(promised)) + ", found " + found};
    return picked;
}

Result<KeyType> read_type(const BlobObject &object) {
    const auto number = required_number(object, cka::KEY_TYPE);
    if (!number) return number.failure();
    switch (*number) {
        case 0x00: return KeyType::rsa;
        case 0x03: return KeyType::ec;
        case 0x1f: return KeyType::aes;
        default: return Failure{Reason::object_type_wrong, {}, "CKA_KEY_TYPE " + std::to_string(*number)};
    }
}

Outcome read_rsa(KeyObject &key) {
    const auto bits = required_number(*key.object, cka::MODULUS_BITS);
    if (!bits) return Outcome::fail(bits.failure());
    const auto modulus = find_value(*key.object, cka::MODULUS);
    if (!modulus) return Outcome::fail(absent(cka::MODULUS));
    key.material = *modulus;
    key.bits = number_bits(*modulus);
    key.exponent = find_value(*key.object, cka::PUBLIC_EXPONENT);
    if (key.bits > max_rsa_bits || *bits != static_cast<std::uint32_t>(key.bits))
        return Outcome::fail(wrong_size("CKA_MODULUS_BITS " + std::to_string(*bits) + ", modulus of " +
                                        std::to_string(key.bits) + " bits"));
    return Outcome::pass();
}

Outcome read_ec(KeyObject &key) {
    constexpr std::uint8_t uncompressed = 0x04;
    const auto nid = required_number(*key.object, cka::MODULUS_BITS);
    if (!nid) return Outcome::fail(nid.failure());
    key.curve = curve_by_nid(*nid);
    if (key.curve == nullptr)
        return Outcome::fail(Reason::object_type_wrong, {}, "unknown curve number " + std::to_string(*nid));
    const auto point = find_value(*key.object, cka::MODULUS);
    if (!point) return Outcome::fail(absent(cka::MODULUS));
    if (point->size() != 1 + 2 * key.curve->field_bytes || point->front() != uncompressed)
        return Outcome::fail(
            wrong_size("a point of " + std::to_string(point->size()) + " bytes on " + std::string(key.curve->name)));
    key.material = *point;
    key.bits = key.curve->bits;
    return Outcome::pass();
}

Outcome read_aes(KeyObject &key) {
    const auto bytes = required_number(*key.object, cka::VALUE_LEN);
    if (!bytes) return Outcome::fail(bytes.failure());
    if (*bytes != 16 && *bytes != 24 && *bytes != 32)
        return Outcome::fail(wrong_size("expected 16, 24 or 32 bytes, found " + std::to_string(*bytes)));
    key.bits = static_cast<int>(*bytes) * 8;
    return Outcome::pass();
}

Outcome read_material(KeyObject &key) {
    switch (key.type) {
        case KeyType::rsa: return read_rsa(key);
        case KeyType::ec: return read_ec(key);
        case KeyType::aes: break;
    }
    return read_aes(key);
}

// kty is what the service says about the key; both must speak of the same kind.
Outcome check_kty(const KeyObject &key, const std::optional<JsonWebKey> &jwk) {
    if (!jwk || !jwk->kty) return Outcome::pass();
    const std::string_view expected = key.type == KeyType::rsa  ? "RSA-HSM"
                                      : key.type == KeyType::ec ? "EC-HSM"
                                                                : "oct-HSM";
    if (*jwk->kty == expected) return Outcome::pass();
    return Outcome::fail(Reason::object_type_wrong, {},
                         "the service says " + *jwk->kty + ", the HSM signed " + std::string(key_type_name(key.type)));
}

Result<KeyObject> read_picked(const Picked &picked, std::size_t object_count, const std::optional<JsonWebKey> &jwk) {
    KeyObject key;
    key.object = picked.object;
    key.object_class = picked.object_class;
    const auto type = read_type(*picked.object);
    if (!type) return type.failure();
    key.type = *type;
    const bool symmetric = key.type == KeyType::aes;
    if (symmetric && object_count != 1)
        return Failure{Reason::object_ambiguous, {}, "a symmetric key has no other object beside it"};
    if (symmetric != (key.object_class == ObjectClass::secret_key))
        return Failure{Reason::object_type_wrong,
                       {},
                       std::string(key_type_name(key.type)) + " as " + std::string(class_name(key.object_class))};
    for (const auto &outcome : {check_kty(key, jwk), read_material(key)})
        if (!outcome.passed()) return Failure{outcome.reason, {}, outcome.detail};
    return key;
}

using EcGroupPtr = std::unique_ptr<EC_GROUP, Deleter<EC_GROUP_free>>;
using EcPointPtr = std::unique_ptr<EC_POINT, Deleter<EC_POINT_free>>;

BnPtr to_number(ByteView bytes) { return BnPtr(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr)); }

// A big-endian number in the byte order that OSSL_PARAM wants.
Bytes native(ByteView number) {
    Bytes bytes(number.begin(), number.end());
    if constexpr (std::endian::native == std::endian::little) std::ranges::reverse(bytes);
    return bytes;
}

bool is_odd_above_one(ByteView number) {
    return !number.empty() && (number.back() & 1U) == 1 &&
           !(number.back() == 1 && all_zero(number.first(number.size() - 1)));
}

EvpPkeyPtr build_rsa(KeyMaker &maker, ByteView modulus, ByteView exponent) {
    const bool odd = !modulus.empty() && (modulus.back() & 1U) == 1;
    if (!odd || !is_odd_above_one(exponent)) return nullptr;
    auto n = native(modulus);
    auto e = native(exponent);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n.data(), n.size()),
                           OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, e.data(), e.size()),
                           OSSL_PARAM_construct_end()};
    return maker.make(KeyType::rsa, params);
}

// Whether `point` is on the curve, encoded as it must be, and not at infinity. All four curves have cofactor 1, so
// every such point is a public key. (EVP_PKEY_public_check would ask an ENGINE that the host has made its default.)
bool is_public_point(OSSL_LIB_CTX *libctx, const Curve &curve, ByteView point) {
    const EcGroupPtr group(EC_GROUP_new_by_curve_name_ex(libctx, nullptr, curve.nid));
    const EcPointPtr decoded(group ? EC_POINT_new(group.get()) : nullptr);
    return decoded && EC_POINT_oct2point(group.get(), decoded.get(), point.data(), point.size(), nullptr) == 1 &&
           EC_POINT_is_at_infinity(group.get(), decoded.get()) == 0 &&
           EC_POINT_is_on_curve(group.get(), decoded.get(), nullptr) == 1;
}

EvpPkeyPtr build_ec(KeyMaker &maker, const Curve &curve, ByteView point) {
    if (!is_public_point(maker.libctx(), curve, point)) return nullptr;
    std::string group = OBJ_nid2sn(curve.nid);
    Bytes bytes(point.begin(), point.end());
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size()),
                           OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, bytes.data(), bytes.size()),
                           OSSL_PARAM_construct_end()};
    return maker.make(KeyType::ec, params);
}

using Asn1Integer = std::unique_ptr<ASN1_INTEGER, Deleter<ASN1_INTEGER_free>>;

Bytes der_integer(ByteView bytes) {
    const auto number = to_number(bytes);
    const Asn1Integer integer(number ? BN_to_ASN1_INTEGER(number.get(), nullptr) : nullptr);
    return integer ? to_der(i2d_ASN1_INTEGER, integer.get()) : Bytes{};
}

// RSAPublicKey of RFC 8017 appendix A.1.1.
Bytes rsa_public_key(ByteView modulus, ByteView exponent) {
    const auto n = der_integer(modulus);
    const auto e = der_integer(exponent);
    if (n.empty() || e.empty()) return {};
    const auto content = static_cast<int>(n.size() + e.size());
    Bytes der(static_cast<std::size_t>(std::max(ASN1_object_size(1, content, V_ASN1_SEQUENCE), 0)));
    if (der.empty()) return {};
    unsigned char *cursor = der.data();
    ASN1_put_object(&cursor, 1, content, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    std::ranges::copy(e, std::ranges::copy(n, cursor).out);
    return der;
}

// SubjectPublicKeyInfo of RFC 5280 around `key`, whose algorithm has `parameter`: NULL, or the object of a curve.
Bytes key_info(int algorithm, int parameter_type, ASN1_OBJECT *parameter, ByteView key) {
    const std::unique_ptr<X509_PUBKEY, Deleter<X509_PUBKEY_free>> info(X509_PUBKEY_new());
    std::unique_ptr<void, Deleter<[](void *p) { OPENSSL_free(p); }>> copy(
        OPENSSL_memdup(key.data(), key.size()));  // which `info` takes
    if (!info || !copy ||
        X509_PUBKEY_set0_param(info.get(), OBJ_nid2obj(algorithm), parameter_type, parameter,
                               static_cast<unsigned char *>(copy.get()), static_cast<int>(key.size())) != 1)
        return {};
    static_cast<void>(copy.release());
    return to_der(i2d_X509_PUBKEY, info.get());
}

}  // namespace

std::string_view class_name(ObjectClass object_class) {
    switch (object_class) {
        case ObjectClass::public_key: return "public key";
        case ObjectClass::private_key: return "private key";
        case ObjectClass::secret_key: break;
    }
    return "secret key";
}

std::string object_class_name(const BlobObject &object) {
    const auto number = required_number(object, cka::CLASS);
    if (!number) return "object of no class";
    const auto known = to_class(*number);
    return known ? std::string(class_name(*known)) : "object of class " + std::to_string(*number);
}

std::string_view key_type_name(KeyType type) {
    switch (type) {
        case KeyType::rsa: return "RSA";
        case KeyType::ec: return "EC";
        case KeyType::aes: break;
    }
    return "AES";
}

const Curve *curve_by_nid(std::uint32_t nid) {
    const auto found =
        std::ranges::find_if(curves, [nid](const Curve &c) { return static_cast<std::uint32_t>(c.nid) == nid; });
    return found != curves.end() ? &*found : nullptr;
}

const Curve *curve_by_name(std::string_view name) {
    const auto found = std::ranges::find(curves, name, &Curve::name);
    return found != curves.end() ? &*found : nullptr;
}

Result<KeyObject> read_key_object(const Blob &blob, ObjectClass promised, const std::optional<JsonWebKey> &jwk,
                                  const std::string &subject) {
    const auto picked = pick(blob, promised);
    if (!picked) return Failure{picked.failure().reason, subject, picked.failure().detail};
    auto key = read_picked(*picked, blob.objects.size(), jwk);
    if (!key) return Failure{key.failure().reason, subject, key.failure().detail};
    return key;
}

// Key types by object identifier, which providers know as well as their names. By name, libcrypto would first ask an
// ENGINE that the host has made its default, and an ENGINE cannot make a key of parameters.
bool KeyMaker::can_make(KeyType type) {
    constexpr const char *rsa_key_type = "1.2.840.113549.1.1.1";
    constexpr const char *ec_key_type = "1.2.840.10045.2.1";
    auto &context = type == KeyType::rsa ? rsa_ : ec_;
    if (!context) {
        context.reset(EVP_PKEY_CTX_new_from_name(libctx_, type == KeyType::rsa ? rsa_key_type : ec_key_type, nullptr));
        if (context && EVP_PKEY_fromdata_init(context.get()) != 1) context.reset();
    }
    return context != nullptr;
}

EvpPkeyPtr KeyMaker::make(KeyType type, OSSL_PARAM *params) {
    EVP_PKEY *key = nullptr;
    auto *context = can_make(type) ? (type == KeyType::rsa ? rsa_ : ec_).get() : nullptr;
    if (context == nullptr || EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) return nullptr;
    return EvpPkeyPtr(key);
}

Result<EvpPkeyPtr> make_public_key(OSSL_LIB_CTX *libctx, const KeyObject &key, const std::optional<ByteView> &exponent,
                                   const std::string &subject) {
    KeyMaker maker(libctx);
    return make_public_key(maker, key, exponent, subject);
}

Result<EvpPkeyPtr> make_public_key(KeyMaker &maker, const KeyObject &key, const std::optional<ByteView> &exponent,
                                   const std::string &subject) {
    if (key.type == KeyType::aes) return Failure{Reason::given_symmetric, subject, ""};
    if (key.type == KeyType::rsa && !exponent)
        return Failure{Reason::object_attribute_absent, subject, "CKA_PUBLIC_EXPONENT"};
    auto made = key.type == KeyType::rsa ? build_rsa(maker, key.material, *exponent)
                                         : build_ec(maker, *key.curve, key.material);
    if (!made) return Failure{Reason::object_key_invalid, subject, ""};
    return made;
}

Bytes public_key_info(const PublicMaterial &key) {
    if (key.type == KeyType::ec)
        return key_info(NID_X9_62_id_ecPublicKey, V_ASN1_OBJECT, OBJ_nid2obj(key.curve->nid), key.material);
    if (key.type != KeyType::rsa) return {};
    const auto inner = rsa_public_key(key.material, key.exponent);
    return inner.empty() ? Bytes{} : key_info(NID_rsaEncryption, V_ASN1_NULL, nullptr, inner);
}

}  // namespace mhsm
