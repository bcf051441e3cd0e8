// Attributes: an object of any attributes at all, judged by every demand. What is claimed of it is what a plain
// search through its bytes finds too.
#include "core/key_object.h"

#include <openssl/core_names.h>

#include <algorithm>

#include "bytes.h"
#include "core/binding.h"
#include "core/policy.h"
#include "property.h"

using namespace mhsm;

namespace {

// A firmware 2.x blob around the attributes, with the sizes right.
Bytes wrap(ByteView attributes, std::uint32_t count) {
    const auto size = static_cast<std::uint32_t>(attributes.size());
    Bytes blob(16, 0);
    for (const auto word : {size + 12, 14U, count, size}) forge::append(blob, forge::be32(word));
    forge::append(blob, Bytes(attributes.begin(), attributes.end()));
    return blob;
}

std::uint32_t count_attributes(ByteView attributes) {
    std::uint32_t count = 0;
    for (Reader reader(attributes); reader.remaining() >= 8; ++count) {
        reader.u32();
        const auto length = *reader.u32();
        if (length != 0xffffffff && !reader.take(length)) break;
    }
    return count;
}

// Whether the attribute is there exactly once with exactly this one byte.
bool states(const BlobObject &object, std::uint32_t type, std::uint8_t value) {
    std::size_t found = 0, right = 0;
    for (const auto &attribute : object.attributes) {
        found += attribute.type == type;
        right += attribute.type == type && attribute.value && std::ranges::equal(*attribute.value, Bytes{value});
    }
    return found == 1 && right == 1;
}

void require_honest(const KeyObject &key) {
    struct Claim {
        const char *demand;
        std::uint32_t type;
        std::uint8_t value;
    };
    const Appraised appraised{&key, OwnerTrust::pinned, false};
    for (const auto &claim : {Claim{"not-extractable", 0x162, 0}, Claim{"never-extractable", 0x164, 1},
                              Claim{"sensitive", 0x103, 1}, Claim{"always-sensitive", 0x165, 1},
                              Claim{"local", 0x163, 1}, Claim{"no-derive", 0x10c, 0}, Claim{"sign", 0x108, 1}})
        fuzz::require(judge({claim.demand, ""}, appraised).passed() == states(*key.object, claim.type, claim.value),
                      std::string(claim.demand) + " is judged by its attribute");
    for (const auto &help : demand_help()) static_cast<void>(judge({std::string(help.name), "3072"}, appraised));
}

void require_same_key(const EVP_PKEY *made, const KeyObject &key) {
    fuzz::require(EVP_PKEY_get_bits(made) == key.bits, "the key has the size that was understood");
    if (key.type == KeyType::rsa) {
        BIGNUM *modulus = nullptr;
        fuzz::require(EVP_PKEY_get_bn_param(made, OSSL_PKEY_PARAM_RSA_N, &modulus) == 1, "an RSA key has a modulus");
        const BnPtr owner(modulus);
        Bytes bytes(static_cast<std::size_t>(BN_num_bytes(modulus)));
        BN_bn2bin(modulus, bytes.data());
        fuzz::require(same_number(bytes, key.material), "the modulus is the attested one");
        return;
    }
    Bytes point(2 * key.curve->field_bytes + 1);
    std::size_t used = 0;
    fuzz::require(
        EVP_PKEY_get_octet_string_param(made, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &used) == 1 &&
            std::ranges::equal(ByteView(point).first(used), key.material),
        "the point is the attested one");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    fuzz::Input input(data, size);
    const auto choice = input.byte();
    const auto attributes = input.rest();
    const auto bytes = wrap(attributes, count_attributes(attributes));
    const auto blob = parse_blob(bytes, 0, "blob");
    if (!blob) return 0;
    for (const auto &attribute : blob->objects[0].attributes) {
        fuzz::require_printable(attribute_name(attribute.type), "an attribute's name");
        fuzz::require_printable(render_value(attribute), "an attribute's value");
    }
    fuzz::require_printable(object_class_name(blob->objects[0]), "a class");
    constexpr const char *ktys[] = {"RSA-HSM", "EC-HSM", "oct-HSM"};
    std::optional<JsonWebKey> jwk;
    if (choice % 4 < 3) jwk.emplace().kty = ktys[choice % 4];
    const auto promised = (choice & 4U) != 0 ? ObjectClass::public_key : ObjectClass::private_key;
    const auto key = read_key_object(*blob, promised, jwk, "blob");
    if (!key) return 0;
    require_honest(*key);
    if (const auto id = read_key_id(*key)) fuzz::require(id->find('\0') == std::string::npos, "a key id has no NUL");
    const ErrorScope errors;
    if (const auto made = make_public_key(nullptr, *key, key->exponent, "blob")) require_same_key(made->get(), *key);
    return 0;
}
