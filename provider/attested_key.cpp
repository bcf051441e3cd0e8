#include "attested_key.h"

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
    const auto &der = attested.report.key->public_key;
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

AttestedKey *take_reference(const void *reference, std::size_t size) {
    if (reference == nullptr || size != sizeof(void *)) return nullptr;
    // libcrypto passes on the address of the loader's own variable, a pointer; emptying it hands the key over.
    auto *const *slot = static_cast<AttestedKey *const *>(reference);
    return std::exchange(*const_cast<AttestedKey **>(slot), nullptr);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

}  // namespace mhsm::provider
