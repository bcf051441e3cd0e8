#include "keymgmt.h"

namespace mhsm::provider {
namespace {

bool re_verify(const AttestedKey &key) {
    const auto &attested = *key.attested;
    return key.context->appraise(attested.evidence, attested.settings, now()) != nullptr;
}

bool check_material(const AttestedKey &key) {
    if (!key.public_key) return true;
    const ErrorScope errors;
    const EvpPkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(key.context->libctx(), key.public_key.get(), nullptr));
    if (context && EVP_PKEY_public_check(context.get()) == 1) return true;
    fail(Reason::object_key_invalid, "object.public", "");
}

}  // namespace

void *new_empty_key(void *provctx) {
    auto &context = context_of(provctx);
    return guard(context.upcalls(), static_cast<void *>(nullptr), [&]() -> void * {
        auto key = std::make_unique<AttestedKey>();
        key->context = &context;
        return key.release();
    });
}

void free_key(void *keydata) { const AttestedKeyPtr owner(static_cast<AttestedKey *>(keydata)); }

// The public half and what comes with it; the private half never leaves the HSM.
int has_key(const void *keydata, int selection) {
    const auto *key = static_cast<const AttestedKey *>(keydata);
    if (key == nullptr || !key->attested) return 0;
    return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 ? 1 : 0;
}

// EVP_PKEY_public_check: the evidence must verify now, as it did when the key was loaded.
int validate_key(const void *keydata, int selection, int /*checktype*/) {
    const auto &key = key_of(keydata);
    return guard(key.context->upcalls(), 0, [&] {
        if (!key.attested) fail(Reason::internal, "key", "empty");
        if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0) fail(ProviderReason::no_private_key, "key", "");
        return re_verify(key) && check_material(key) ? 1 : 0;
    });
}

void *duplicate_key(const void *keydata, int selection) {
    const auto &key = key_of(keydata);
    if (!key.attested || (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) == 0) return nullptr;
    return guard(key.context->upcalls(), static_cast<void *>(nullptr),
                 [&]() -> void * { return copy_key(key).release(); });
}

void *load_key(const void *reference, std::size_t size, std::string_view name) {
    auto key = take_reference(reference, size);
    if (!key || !key->attested || name != key_type_of(*key->attested)) return nullptr;
    return key.release();
}

}  // namespace mhsm::provider
