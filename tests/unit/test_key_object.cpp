// One attested key: class, type and size must fit each other and what the service says.
#include "core/key_object.h"

#include <algorithm>

#include "blob_builder.h"
#include "outcomes.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

// The generator points of the curves: material that is certainly valid.
constexpr std::string_view p256_generator =
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ece"
    "cbb6406837bf51f5";

Bytes unhex(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    Bytes bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        bytes.push_back(static_cast<std::uint8_t>(digits.find(text[i]) * 16 + digits.find(text[i + 1])));
    return bytes;
}

ObjectSpec rsa(std::uint8_t object_class, Bytes modulus = Bytes(256, 0xc5)) {
    return {1,
            {{cka::CLASS, Bytes{object_class}},
             {cka::KEY_TYPE, Bytes{0}},
             {cka::MODULUS, std::move(modulus)},
             {cka::MODULUS_BITS, Bytes{0, 0, 8, 0}},
             {cka::PUBLIC_EXPONENT, Bytes{1, 0, 1}}}};
}

ObjectSpec ec(std::uint8_t object_class, std::uint32_t nid = 415, Bytes point = unhex(p256_generator)) {
    Bytes number;
    append_u32(number, nid);
    return {1,
            {{cka::CLASS, Bytes{object_class}},
             {cka::KEY_TYPE, Bytes{3}},
             {cka::MODULUS, std::move(point)},
             {cka::MODULUS_BITS, number}}};
}

ObjectSpec aes(Bytes length = {0, 0, 0, 32}) {
    return {1, {{cka::CLASS, Bytes{4}}, {cka::KEY_TYPE, Bytes{0x1f}}, {cka::VALUE_LEN, std::move(length)}}};
}

void set(ObjectSpec &object, std::uint32_t type, std::optional<Bytes> value) {
    const auto found = std::ranges::find(object.attributes, type, &Tlv::type);
    object.attributes.at(static_cast<std::size_t>(found - object.attributes.begin())).value = std::move(value);
}
void erase(ObjectSpec &object, std::uint32_t type) {
    std::erase_if(object.attributes, [type](const Tlv &attribute) { return attribute.type == type; });
}

// A parsed blob of the given objects, and what is read from it.
struct Sample {
    Bytes bytes;
    Blob blob;
    std::optional<JsonWebKey> jwk;

    explicit Sample(std::vector<ObjectSpec> objects)
        : bytes(objects.size() == 1 ? firmware2(objects[0]) : Firmware3{.objects = std::move(objects)}.bytes()),
          blob(parse_blob(bytes, signature_size, "blob").value()) {}
    Sample &kty(const char *text) {
        jwk.emplace().kty = text;
        return *this;
    }
    Result<KeyObject> read(ObjectClass promised) const { return read_key_object(blob, promised, jwk, "member"); }
    Result<KeyObject> read_private() const { return read(ObjectClass::private_key); }
    Result<KeyObject> read_public() const { return read(ObjectClass::public_key); }
};

void check_private_fails(const ObjectSpec &object, Reason reason, std::string_view detail) {
    CHECK_FAILS(Sample({object}).read_private(), reason, "member", detail);
}

}  // namespace

TEST(an_rsa_key) {
    const Sample sample({rsa(3)});
    const auto key = sample.read_private();
    CHECK_PASSES(key);
    CHECK_EQ(key->object_class, ObjectClass::private_key);
    CHECK_EQ(key->type, KeyType::rsa);
    CHECK_EQ(key->bits, 2048);
    CHECK_EQ(key->material.size(), 256U);
    CHECK_EQ(hex(*key->exponent), "010001");
    CHECK(key->curve == nullptr && key->object == &sample.blob.objects[0]);
}

TEST(an_ec_key) {
    const Sample sample({ec(2)});
    const auto key = sample.read_public();
    CHECK_PASSES(key);
    CHECK_EQ(key->object_class, ObjectClass::public_key);
    CHECK_EQ(key->type, KeyType::ec);
    CHECK_EQ(key->bits, 256);
    CHECK_EQ(key->curve->name, "P-256");
    CHECK_EQ(hex(key->material), p256_generator);
    CHECK(!key->exponent.has_value());
}

TEST(aes_keys_of_every_length) {
    for (const int bytes : {16, 24, 32}) {
        const Sample sample({aes({static_cast<std::uint8_t>(bytes)})});
        const auto key = sample.read_private();
        CHECK_PASSES(key);
        CHECK_EQ(key->object_class, ObjectClass::secret_key);
        CHECK_EQ(key->type, KeyType::aes);
        CHECK_EQ(key->bits, bytes * 8);
        CHECK(key->material.empty());
    }
    for (const int bytes : {0, 15, 17, 64})
        check_private_fails(aes({static_cast<std::uint8_t>(bytes)}), Reason::object_size_wrong,
                            "expected 16, 24 or 32 bytes, found " + std::to_string(bytes));
}

TEST(the_promised_class_must_be_there) {
    const auto wrong = Reason::object_class_wrong;
    CHECK_FAILS(Sample({rsa(2)}).read_private(), wrong, "member", "expected private key, found public key");
    CHECK_FAILS(Sample({rsa(3)}).read_public(), wrong, "member", "expected public key, found private key");
    CHECK_FAILS(Sample({aes()}).read_public(), wrong, "member", "expected public key, found secret key");
    CHECK_FAILS(Sample({rsa(7)}).read_private(), wrong, "member", "expected private key, found object of class 7");
    CHECK_FAILS(Sample({rsa(2), rsa(2)}).read_private(), wrong, "member", "found public key, public key");
}

TEST(of_both_halves_the_promised_one_is_read) {
    const Sample sample({ec(2), ec(3)});
    CHECK_EQ(sample.read_public()->object, &sample.blob.objects[0]);
    CHECK_EQ(sample.read_private()->object, &sample.blob.objects[1]);
}

TEST(two_objects_of_the_promised_class_are_ambiguous) {
    CHECK_FAILS(Sample({rsa(3), rsa(3)}).read_private(), Reason::object_ambiguous, "member",
                "found private key, private key");
    CHECK_FAILS(Sample({rsa(3), aes()}).read_private(), Reason::object_ambiguous, "member",
                "found private key, secret key");
    CHECK_FAILS(Sample({rsa(2), rsa(2)}).read_public(), Reason::object_ambiguous, "member",
                "found public key, public key");
}

TEST(a_symmetric_key_stands_alone) {
    CHECK_FAILS(Sample({rsa(2), aes()}).read_private(), Reason::object_ambiguous, "member",
                "a symmetric key has no other object beside it");
}

TEST(class_and_type_must_be_stated) {
    for (const auto type : {cka::CLASS, cka::KEY_TYPE, cka::MODULUS, cka::MODULUS_BITS}) {
        auto object = rsa(3);
        erase(object, type);
        check_private_fails(object, Reason::object_attribute_absent, attribute_name(type));
        object = rsa(3);
        set(object, type, std::nullopt);
        check_private_fails(object, Reason::object_attribute_absent, attribute_name(type));
    }
    for (const auto type : {cka::MODULUS, cka::MODULUS_BITS}) {
        auto object = ec(3);
        erase(object, type);
        check_private_fails(object, Reason::object_attribute_absent, attribute_name(type));
    }
    auto object = aes();
    erase(object, cka::VALUE_LEN);
    check_private_fails(object, Reason::object_attribute_absent, "CKA_VALUE_LEN");
}

TEST(numbers_must_be_well_formed) {
    for (const auto type : {cka::CLASS, cka::KEY_TYPE, cka::MODULUS_BITS}) {
        auto object = rsa(3);
        set(object, type, Bytes{});
        check_private_fails(object, Reason::object_attribute_malformed, attribute_name(type) + " = 0x");
        object = rsa(3);
        set(object, type, Bytes(5));
        check_private_fails(object, Reason::object_attribute_malformed, attribute_name(type) + " = 0x0000000000");
    }
    auto object = ec(3);
    set(object, cka::MODULUS_BITS, Bytes{});
    check_private_fails(object, Reason::object_attribute_malformed, "CKA_MODULUS_BITS");
    object = aes({});
    check_private_fails(object, Reason::object_attribute_malformed, "CKA_VALUE_LEN");
}

TEST(unknown_key_types_and_curves_are_refused) {
    auto object = rsa(3);
    set(object, cka::KEY_TYPE, Bytes{0x13});
    check_private_fails(object, Reason::object_type_wrong, "CKA_KEY_TYPE 19");
    check_private_fails(ec(3, 409), Reason::object_type_wrong, "unknown curve number 409");
}

TEST(class_and_type_must_fit) {
    auto object = rsa(4);
    check_private_fails(object, Reason::object_type_wrong, "RSA as secret key");
    object = aes();
    set(object, cka::CLASS, Bytes{3});
    check_private_fails(object, Reason::object_type_wrong, "AES as private key");
    check_private_fails(ec(4), Reason::object_type_wrong, "EC as secret key");
}

TEST(kty_must_fit) {
    const auto wrong = Reason::object_type_wrong;
    CHECK_PASSES(Sample({rsa(3)}).kty("RSA-HSM").read_private());
    CHECK_PASSES(Sample({ec(3)}).kty("EC-HSM").read_private());
    CHECK_PASSES(Sample({aes()}).kty("oct-HSM").read_private());
    CHECK_FAILS(Sample({rsa(3)}).kty("EC-HSM").read_private(), wrong, "member",
                "the service says EC-HSM, the HSM signed RSA");
    CHECK_FAILS(Sample({ec(3)}).kty("oct-HSM").read_private(), wrong, "member",
                "the service says oct-HSM, the HSM signed EC");
    CHECK_FAILS(Sample({aes()}).kty("RSA-HSM").read_private(), wrong, "member",
                "the service says RSA-HSM, the HSM signed AES");
    CHECK_FAILS(Sample({rsa(3)}).kty("RSA").read_private(), wrong, "member",
                "the service says RSA, the HSM signed RSA");
    Sample unnamed({rsa(3)});
    unnamed.jwk.emplace();
    CHECK_PASSES(unnamed.read_private());  // a missing kty is bind.jwk's to report
}

TEST(rsa_sizes_must_agree) {
    auto object = rsa(3);
    set(object, cka::MODULUS_BITS, Bytes{0, 0, 0x0c, 0});
    check_private_fails(object, Reason::object_size_wrong, "CKA_MODULUS_BITS 3072, modulus of 2048 bits");
    object = rsa(3);
    set(object, cka::MODULUS, Bytes{});
    check_private_fails(object, Reason::object_size_wrong, "CKA_MODULUS_BITS 2048, modulus of 0 bits");
    object = rsa(3, Bytes(255, 0xff));
    check_private_fails(object, Reason::object_size_wrong, "modulus of 2040 bits");
    Bytes with_zero(1);
    append(with_zero, Bytes(256, 0xc5));
    CHECK_PASSES(Sample({rsa(3, with_zero)}).read_private());  // a leading zero changes no number
    object = rsa(3, Bytes(2049, 0xff));
    set(object, cka::MODULUS_BITS, Bytes{0, 0, 0x40, 0x08});
    check_private_fails(object, Reason::object_size_wrong, "modulus of 16392 bits");
}

TEST(ec_points_must_be_uncompressed_and_of_the_curve) {
    auto point = unhex(p256_generator);
    point[0] = 0x02;
    check_private_fails(ec(3, 415, point), Reason::object_size_wrong, "a point of 65 bytes on P-256");
    point.pop_back();
    check_private_fails(ec(3, 415, point), Reason::object_size_wrong, "a point of 64 bytes on P-256");
    check_private_fails(ec(3, 715, unhex(p256_generator)), Reason::object_size_wrong, "a point of 65 bytes on P-384");
    check_private_fails(ec(3, 415, {}), Reason::object_size_wrong, "a point of 0 bytes on P-256");
}

TEST(curves_by_number_and_name) {
    for (const auto &[nid, name] : {std::pair{415U, "P-256"}, {715U, "P-384"}, {716U, "P-521"}, {714U, "P-256K"}}) {
        CHECK_EQ(curve_by_nid(nid)->name, name);
        CHECK_EQ(curve_by_name(name)->nid, nid);
    }
    CHECK_EQ(curve_by_name("P-521")->field_bytes, 66U);
    CHECK_EQ(curve_by_name("P-521")->bits, 521);
    CHECK(curve_by_nid(0) == nullptr && curve_by_nid(409) == nullptr && curve_by_nid(0xffffffff) == nullptr);
    CHECK(curve_by_name("secp256k1") == nullptr && curve_by_name("p-256") == nullptr && curve_by_name("") == nullptr);
}

TEST(words_for_classes_and_types) {
    CHECK_EQ(class_name(ObjectClass::public_key), "public key");
    CHECK_EQ(class_name(ObjectClass::private_key), "private key");
    CHECK_EQ(class_name(ObjectClass::secret_key), "secret key");
    CHECK_EQ(key_type_name(KeyType::rsa), "RSA");
    CHECK_EQ(key_type_name(KeyType::ec), "EC");
    CHECK_EQ(key_type_name(KeyType::aes), "AES");
}

TEST(public_keys_are_made_of_the_material) {
    const Sample rsa_sample({rsa(2)});
    const auto rsa_key = rsa_sample.read_public().value();
    const auto made = make_public_key(nullptr, rsa_key, rsa_key.exponent, "member");
    CHECK_PASSES(made);
    CHECK_EQ(EVP_PKEY_get_bits(made->get()), 2048);
    const Sample ec_sample({ec(2)});
    const auto point = make_public_key(nullptr, ec_sample.read_public().value(), std::nullopt, "member");
    CHECK_PASSES(point);
    CHECK_EQ(EVP_PKEY_get_bits(point->get()), 256);
}

TEST(impossible_public_keys_are_not_made) {
    const ErrorScope errors;
    const Sample sample({rsa(2)});
    const auto key = sample.read_public().value();
    const auto with_exponent = [&](Bytes exponent) {
        return to_outcome(make_public_key(nullptr, key, ByteView(exponent), "member"));
    };
    CHECK_PASSES(with_exponent({3}));
    CHECK_FAILS(with_exponent({}), Reason::object_key_invalid, "member", "");
    CHECK_FAILS(with_exponent({1}), Reason::object_key_invalid, "member", "");
    CHECK_FAILS(with_exponent({1, 0, 0}), Reason::object_key_invalid, "member", "");
    CHECK_FAILS(make_public_key(nullptr, key, std::nullopt, "member"), Reason::object_attribute_absent, "member",
                "CKA_PUBLIC_EXPONENT");
    Bytes even(256, 0xc4);
    const Sample even_sample({rsa(2, even)});
    CHECK_FAILS(make_public_key(nullptr, even_sample.read_public().value(), key.exponent, "member"),
                Reason::object_key_invalid, "member", "");
    const Sample secret({aes()});
    CHECK_FAILS(make_public_key(nullptr, secret.read_private().value(), std::nullopt, "member"),
                Reason::given_symmetric, "member", "");
}

TEST(a_point_off_the_curve_is_no_key) {
    const ErrorScope errors;
    auto off = unhex(p256_generator);
    off.back() ^= 1;
    Bytes zero(65);
    zero[0] = 4;
    Bytes too_large(65, 0xff);
    too_large[0] = 4;
    for (const auto &point : {off, zero, too_large}) {
        const Sample sample({ec(2, 415, point)});
        CHECK_FAILS(make_public_key(nullptr, sample.read_public().value(), std::nullopt, "member"),
                    Reason::object_key_invalid, "member", "");
    }
}
