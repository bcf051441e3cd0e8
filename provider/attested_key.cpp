#include "attested_key.h"

#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/params.h>

#include <utility>

#include "mhsmattest.h"

namespace mhsm::provider {

const char *key_type_of(const Attested &attested) {
    const auto &type = attested.report.key->type;
    if (type == "RSA") return "RSA";
    if (type == "EC") return "EC";
    return MHSMATTEST_KEY_TYPE;
}

EvpPkeyPtr public_key_of(OSSL_LIB_CTX *libctx, const Attested &attested) {
    const auto der = attested.report.key->public_key.der();
    if (der.empty()) return nullptr;
    const ErrorScope errors;
    const unsigned char *cursor = der.data();
    EvpPkeyPtr key(d2i_PUBKEY_ex(nullptr, &cursor, static_cast<long>(der.size()), libctx, nullptr));
    if (!key) fail(Reason::object_key_invalid, "object.public", "libcrypto does not read it back");
    return key;
}

AttestedKeyPtr make_key(Context &context, AttestedPtr attested) {
    auto key = std::make_unique<AttestedKey>();
    key->context = &context;
    key->public_key = public_key_of(context.libctx(), *attested);
    key->attested = std::move(attested);
    return key;
}

AttestedKeyPtr copy_key(const AttestedKey &key) {
    auto copy = std::make_unique<AttestedKey>();
    copy->context = key.context;
    copy->attested = key.attested;
    if (key.public_key) {
        EVP_PKEY_up_ref(key.public_key.get());
        copy->public_key.reset(key.public_key.get());
    }
    return copy;
}

// A key on its way through libcrypto is the address of the variable that owns it; emptying that takes the key.
int hand_over(AttestedKeyPtr key, OSSL_CALLBACK *callback, void *argument) {
    int type = OSSL_OBJECT_PKEY;
    std::string key_type = key_type_of(*key->attested);
    void *slot = key.get();
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
        OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE, key_type.data(), 0),
        OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_REFERENCE, &slot, sizeof(slot)),
        OSSL_PARAM_construct_end()};
    const int result = callback(params, argument);
    if (slot == nullptr) static_cast<void>(key.release());
    return result;
}

AttestedKeyPtr take_reference(const void *reference, std::size_t size) {
    if (reference == nullptr || size != sizeof(void *)) return nullptr;
    auto *slot = const_cast<void *>(reference);  // NOLINT(cppcoreguidelines-pro-type-const-cast): libcrypto's signature
    return AttestedKeyPtr(static_cast<AttestedKey *>(std::exchange(*static_cast<void **>(slot), nullptr)));
}

}  // namespace mhsm::provider
