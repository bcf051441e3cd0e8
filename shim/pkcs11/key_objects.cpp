#include <openssl/core_names.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "core/report_json.h"
#include "encoding.h"
#include "mhsmattest-pkcs11.h"
#include "objects.h"

namespace mhsm::pkcs11 {
namespace {

// Which classes PKCS#11 defines a boolean for. What the HSM states beyond that, such as CKA_EXTRACTABLE of a public
// half, would only mislead; it is in the report.
constexpr unsigned public_key_class = 1;
constexpr unsigned private_key_class = 2;
constexpr unsigned secret_key_class = 4;
constexpr unsigned all_classes = public_key_class | private_key_class | secret_key_class;

struct BooleanAttribute {
    AttributeType type;
    unsigned classes;
};
constexpr auto boolean_attributes = std::to_array<BooleanAttribute>({
    {CKA_PRIVATE, all_classes},
    {CKA_MODIFIABLE, all_classes},
    {CKA_DESTROYABLE, all_classes},
    {CKA_LOCAL, all_classes},
    {CKA_DERIVE, all_classes},
    {CKA_ENCRYPT, public_key_class | secret_key_class},
    {CKA_VERIFY, public_key_class | secret_key_class},
    {CKA_VERIFY_RECOVER, public_key_class},
    {CKA_WRAP, public_key_class | secret_key_class},
    {CKA_TRUSTED, public_key_class | secret_key_class},
    {CKA_DECRYPT, private_key_class | secret_key_class},
    {CKA_SIGN, private_key_class | secret_key_class},
    {CKA_SIGN_RECOVER, private_key_class},
    {CKA_UNWRAP, private_key_class | secret_key_class},
    {CKA_SENSITIVE, private_key_class | secret_key_class},
    {CKA_EXTRACTABLE, private_key_class | secret_key_class},
    {CKA_ALWAYS_SENSITIVE, private_key_class | secret_key_class},
    {CKA_NEVER_EXTRACTABLE, private_key_class | secret_key_class},
    {CKA_WRAP_WITH_TRUSTED, private_key_class | secret_key_class},
    {CKA_ALWAYS_AUTHENTICATE, private_key_class},
});

// The attested object of this class in the attestation that promises it.
const ObjectFacts *find_object(const Report &report, std::string_view member, ObjectClass wanted) {
    const auto found = std::ranges::find_if(report.objects, [&](const ObjectFacts &object) {
        return object.member == member && object.object_class == class_name(wanted);
    });
    return found != report.objects.end() ? &*found : nullptr;
}

// The bytes that the HSM signed for an attribute; none if it stated none.
std::optional<Bytes> stated(const ObjectFacts &object, std::uint32_t type) {
    const auto found = std::ranges::find(object.attributes, type, &RawAttribute::type);
    if (found == object.attributes.end() || !found->value) return std::nullopt;
    return Bytes(found->value->begin(), found->value->end());
}

// A number of 1 to 4 bytes, big-endian; none if absent or malformed.
std::optional<std::uint32_t> stated_number(const ObjectFacts &object, std::uint32_t type) {
    const auto bytes = stated(object, type);
    if (!bytes || bytes->empty() || bytes->size() > sizeof(std::uint32_t)) return std::nullopt;
    std::uint32_t number = 0;
    for (const auto byte : *bytes) number = (number << 8U) | byte;
    return number;
}

Bytes without_padding(Bytes text) {
    while (!text.empty() && text.back() == 0) text.pop_back();
    return text;
}

void add_flags(Object &target, const ObjectFacts &object, unsigned object_class) {
    for (const auto &flag : boolean_attributes) {
        if ((flag.classes & object_class) == 0) continue;
        const auto value = stated(object, static_cast<std::uint32_t>(flag.type));
        if (value && value->size() == 1 && (*value)[0] <= 1) target.set_flag(flag.type, (*value)[0] == 1);
    }
}

// What every key object has: attested values, and the attributes that the standard wants and lets be empty.
void add_common(Object &target, const ObjectFacts &object) {
    target.set_flag(CKA_TOKEN, true);
    for (const auto type : {CKA_SUBJECT, CKA_START_DATE, CKA_END_DATE}) target.set(type, {});
    if (const auto label = stated(object, cka::LABEL)) target.set(CKA_LABEL, without_padding(*label));
    if (const auto id = stated(object, cka::ID)) target.set(CKA_ID, without_padding(*id));
    if (const auto value = stated(object, cka::CHECK_VALUE)) target.set(CKA_CHECK_VALUE, *value);
    if (const auto value = stated(object, cka::EXTENDED_CHECK_VALUE))
        target.set(CKA_MHSMATTEST_EXTENDED_CHECK_VALUE, *value);
    if (const auto type = stated_number(object, cka::KEY_TYPE)) target.set_number(CKA_KEY_TYPE, *type);
    const auto mechanism = stated_number(object, cka::KEY_GEN_MECHANISM);
    // As PKCS#11 has it, ffffffff says that the key was not generated in the HSM.
    constexpr std::uint32_t unavailable = 0xffffffff;
    if (mechanism)
        target.set_number(CKA_KEY_GEN_MECHANISM, *mechanism == unavailable ? CK_UNAVAILABLE_INFORMATION : *mechanism);
}

// The public half, which private key objects have parts of too.
void add_material(Object &target, const ObjectFacts &object, const KeyFacts &facts, const EVP_PKEY *key) {
    target.set(CKA_PUBLIC_KEY_INFO, facts.public_key.der());
    if (const auto *curve = curve_by_name(facts.curve)) {
        target.set(CKA_EC_PARAMS, curve_oid_der(curve->nid));
        return;
    }
    if (stated(object, cka::MODULUS)) target.set(CKA_MODULUS, big_number(key, OSSL_PKEY_PARAM_RSA_N));
    if (stated(object, cka::PUBLIC_EXPONENT)) target.set(CKA_PUBLIC_EXPONENT, big_number(key, OSSL_PKEY_PARAM_RSA_E));
}

// What the report knows about the key as a whole. Made once, for both halves.
class Facts {
public:
    explicit Facts(const Report &report)
        : report_(report),
          digest_(report.evidence_sha256.text()),
          text_(share(report_json(report, false))),
          evidence_(share(digest_, true)),
          owner_(share(report.owner->root_sha256, true)),
          root_(share(report.hsm->root_sha256, true)) {}

    void add_to(Object &target, OSSL_LIB_CTX *libctx, ObjectClass object_class) const {
        target.set_number(CKA_CLASS, static_cast<CK_ULONG>(object_class));
        const auto name = digest_ + " " + std::string(class_name(object_class));
        target.set_text(CKA_UNIQUE_ID, hex(digest(libctx, "SHA256", as_bytes(name))));
        target.set_flag(CKA_MHSMATTEST_VERDICT, true);
        target.set_shared(CKA_MHSMATTEST_REPORT, text_);
        target.set_shared(CKA_MHSMATTEST_EVIDENCE_SHA256, evidence_);
        target.set_shared(CKA_MHSMATTEST_OWNER_ROOT_SHA256, owner_);
        target.set_shared(CKA_MHSMATTEST_HSM_ROOT_SHA256, root_);
        target.set_text(CKA_MHSMATTEST_OWNER_TRUST, owner_trust_name(report_.owner->trust));
        target.set_text(CKA_MHSMATTEST_POOL, report_.owner->pool);
        target.set_text(CKA_MHSMATTEST_HSM_SERIAL, report_.hsm->serial);
        target.set_text(CKA_MHSMATTEST_PARTITION, report_.hsm->partition);
        target.set_text(CKA_MHSMATTEST_FIRMWARE_LAYOUT, report_.hsm->firmware_layout);
        target.set_text(CKA_MHSMATTEST_POLICY, report_.policy);
        if (!report_.kid.empty()) target.set_text(CKA_MHSMATTEST_KEY_URL, report_.kid);
    }

private:
    static SharedBytes share(const std::string &text, bool is_hex = false) {
        return std::make_shared<const Bytes>(is_hex ? from_hex(text) : Bytes(text.begin(), text.end()));
    }

    const Report &report_;
    std::string digest_;
    SharedBytes text_, evidence_, owner_, root_;
};

Object public_key_object(const ObjectFacts &object, const KeyFacts &facts, std::shared_ptr<EVP_PKEY> key) {
    Object made;
    add_common(made, object);
    add_flags(made, object, public_key_class);
    add_material(made, object, facts, key.get());
    if (facts.type == key_type_name(KeyType::ec)) {
        // The HSM states the point as CKA_MODULUS.
        if (const auto point = stated(object, cka::MODULUS)) made.set(CKA_EC_POINT, octet_string_der(*point));
    } else if (const auto bits = stated_number(object, cka::MODULUS_BITS)) {
        made.set_number(CKA_MODULUS_BITS, *bits);
    }
    made.set_public_key(std::move(key));
    return made;
}

Object private_key_object(const ObjectFacts &object, const KeyFacts &facts, const EVP_PKEY *key) {
    Object made;
    add_common(made, object);
    add_flags(made, object, private_key_class);
    add_material(made, object, facts, key);
    const bool rsa = facts.type == key_type_name(KeyType::rsa);
    for (const auto type :
         {CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_PRIME_2, CKA_EXPONENT_1, CKA_EXPONENT_2, CKA_COEFFICIENT})
        if (rsa) made.set_sensitive(type);
    if (!rsa) made.set_sensitive(CKA_VALUE);
    return made;
}

Object secret_key_object(const ObjectFacts &object) {
    Object made;
    add_common(made, object);
    add_flags(made, object, secret_key_class);
    if (const auto length = stated_number(object, cka::VALUE_LEN)) made.set_number(CKA_VALUE_LEN, *length);
    made.set_sensitive(CKA_VALUE);
    return made;
}

const ObjectFacts &required(const ObjectFacts *object) {
    if (object == nullptr) throw std::runtime_error("verified without the object that was judged");
    return *object;
}

}  // namespace

std::vector<Object> key_objects(OSSL_LIB_CTX *libctx, const Report &report) {
    if (!report.key || !report.hsm || !report.owner) throw std::runtime_error("verified without its facts");
    const Facts facts(report);
    std::vector<Object> made;
    const auto add = [&](Object object, ObjectClass object_class) {
        facts.add_to(object, libctx, object_class);
        made.push_back(std::move(object));
    };
    if (report.key->public_key.empty()) {
        add(secret_key_object(required(find_object(report, "private", ObjectClass::secret_key))),
            ObjectClass::secret_key);
        return made;
    }
    const std::shared_ptr<EVP_PKEY> key = public_key(libctx, report.key->public_key.der());
    add(public_key_object(required(find_object(report, "public", ObjectClass::public_key)), *report.key, key),
        ObjectClass::public_key);
    add(private_key_object(required(find_object(report, "private", ObjectClass::private_key)), *report.key, key.get()),
        ObjectClass::private_key);
    return made;
}

}  // namespace mhsm::pkcs11
