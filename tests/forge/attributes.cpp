#include "attributes.h"

#include <stdexcept>

#include "keys.h"

namespace forge {
namespace {

enum class Half { secret, open };  // private or secret object; public object

// Collects attributes in the order of the real lists.
class List {
public:
    List(const KeyKind &kind, Half half, const Identity &identity) : kind_(kind), half_(half), identity_(identity) {}

    List &flag(std::uint32_t type, std::uint8_t value) { return add(type, {value}); }
    // A flag that is true on one half of a key pair; on a secret key it is always `aes`.
    List &split(std::uint32_t type, bool secret, bool open, bool aes) {
        const bool value = kind_.family == Family::aes ? aes : half_ == Half::secret ? secret : open;
        return flag(type, value ? 1 : 0);
    }
    List &number(std::uint32_t type, std::uint32_t value) { return add(type, be32(value)); }
    List &add(std::uint32_t type, Bytes value) {
        attributes.push_back({type, std::move(value)});
        return *this;
    }

    // CLASS to EXTRACTABLE: the usage flags.
    void usage(std::uint8_t token) {
        const bool aes = kind_.family == Family::aes;
        flag(cka::object_class, aes ? 4 : half_ == Half::secret ? 3 : 2);
        flag(cka::key_type, aes ? 0x1f : kind_.family == Family::ec ? 0x03 : 0x00);
        flag(cka::token, token).flag(cka::is_private, 1);
        split(cka::encrypt, false, true, true).split(cka::decrypt, true, false, true);
        split(cka::wrap, false, true, true).split(cka::unwrap, true, false, true);
        split(cka::sign, true, false, true).split(cka::verify, false, true, true);
        flag(cka::local, 1).split(cka::sensitive, true, false, true).split(cka::extractable, false, true, false);
    }
    void names() { add(cka::label, padded("customer_key", 128)).add(cka::id, padded(identity_.id, 128)); }
    void value_length() {
        const std::uint32_t bytes = (kind_.bits + 7) / 8;
        std::uint32_t length = bytes;  // AES
        if (kind_.family == Family::rsa) length = half_ == Half::secret ? 1217 * kind_.bits / 2048 : 2 * bytes;
        if (kind_.family == Family::ec) length = half_ == Half::secret ? 0x8a * kind_.bits / 256 : 2 * bytes + 1;
        number(cka::value_len, length);
    }
    void material() {
        if (kind_.family == Family::aes) return;
        if (kind_.family == Family::ec) {
            add(cka::modulus, ec_point(kind_.key)).number(cka::modulus_bits, kind_.nid);
            return;
        }
        add(cka::modulus, rsa_modulus(kind_.key)).number(cka::modulus_bits, kind_.bits);
        add(cka::public_exponent, rsa_exponent(kind_.key));
    }

    std::vector<Attribute> attributes;

private:
    const KeyKind &kind_;
    Half half_;
    const Identity &identity_;
};

std::vector<Attribute> firmware2_list(const KeyKind &kind, Half half, const Identity &identity) {
    const bool secret = half == Half::secret;
    const std::uint8_t secret_flag = secret ? 1 : 0;
    List list(kind, half, identity);
    list.usage(1);
    list.names();
    list.flag(0xf000000d, secret_flag).flag(0xf000000f, secret_flag);
    list.value_length();
    list.add(cka::check_value, identity.check_value);
    list.material();
    if (secret && kind.family != Family::aes) list.number(0x80000000, 0x280);
    list.flag(cka::trusted, 0).flag(cka::wrap_with_trusted, 0).flag(cka::modifiable, 1);
    const std::uint32_t mechanisms[] = {0x0a, 0x1040, 0x1080};
    list.number(cka::key_gen_mechanism, mechanisms[static_cast<std::size_t>(kind.family)]);
    list.flag(0x80000002, 0).flag(0x80000003, 0);
    if (secret) list.flag(0x0202, 0);
    list.flag(0x80000004, 1).add(0x1000, filled(8, 0));
    list.flag(cka::sign_recover, 0).flag(0x010b, 0).flag(0x100001f5, 0);
    for (const std::uint32_t type : {0x0301U, 0x0300U, 0x0302U, 0x0303U, 0x0308U, 0x0304U})
        list.number(type, 0xffffffff);
    list.flag(cka::derive, 0).flag(cka::always_sensitive, secret_flag).flag(cka::never_extractable, secret_flag);
    list.flag(cka::destroyable, 1);
    return list.attributes;
}

std::vector<Attribute> firmware3_list(const KeyKind &kind, Half half, const Identity &identity) {
    const std::uint8_t secret_flag = half == Half::secret ? 1 : 0;
    List list(kind, half, identity);
    list.usage(2);
    list.names();
    list.value_length();
    list.add(cka::check_value, identity.check_value).add(cka::extended_check_value, identity.extended_check_value);
    list.add(0x1000, {0, 0, 0, 0, 0, 0, 0, 2});
    for (std::uint32_t type = 0x80000174; type <= 0x80000180; ++type) {
        if (type > 0x80000179 && type < 0x80000180) continue;
        Bytes value = filled(32, 0);
        value.back() = 0xff;
        list.add(type, value);
    }
    list.material();
    list.flag(cka::trusted, 0).flag(cka::wrap_with_trusted, 0).flag(cka::derive, 0);
    list.flag(cka::always_sensitive, secret_flag).flag(0x80000002, 0).flag(0x80000003, 0);
    list.flag(cka::never_extractable, secret_flag);
    return list.attributes;
}

std::vector<Attribute> attribute_list(const KeyKind &kind, Layout layout, Half half, const Identity &identity) {
    return layout == Layout::firmware2 ? firmware2_list(kind, half, identity) : firmware3_list(kind, half, identity);
}

}  // namespace

const std::vector<KeyKind> &key_kinds() {
    static const std::vector<KeyKind> kinds = {
        {"rsa-2048", Family::rsa, 2048, "rsa-2048", "", 0},
        {"rsa-3072", Family::rsa, 3072, "rsa-3072", "", 0},
        {"rsa-4096", Family::rsa, 4096, "rsa-4096", "", 0},
        {"p-256", Family::ec, 256, "p-256", "P-256", 415},
        {"p-384", Family::ec, 384, "p-384", "P-384", 715},
        {"p-521", Family::ec, 521, "p-521", "P-521", 716},
        {"p-256k", Family::ec, 256, "p-256k", "P-256K", 714},
        {"aes-128", Family::aes, 128, "", "", 0},
        {"aes-192", Family::aes, 192, "", "", 0},
        {"aes-256", Family::aes, 256, "", "", 0},
    };
    return kinds;
}

const KeyKind &key_kind(std::string_view name) {
    for (const auto &kind : key_kinds())
        if (kind.name == name) return kind;
    throw std::out_of_range("no such kind of key");
}

Object private_object(const KeyKind &kind, Layout layout, const Identity &identity) {
    const std::uint32_t handle = kind.family == Family::aes ? identity.handle : identity.handle + 1;
    return {handle, attribute_list(kind, layout, Half::secret, identity)};
}

Object public_object(const KeyKind &kind, Layout layout, const Identity &identity) {
    return {identity.handle, attribute_list(kind, layout, Half::open, identity)};
}

}  // namespace forge
