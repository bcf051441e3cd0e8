// Public operations on attested keys. Any failure but CKR_BUFFER_TOO_SMALL ends the operation.
#include <algorithm>

#include "entries.h"
#include "guard.h"

namespace mhsm::pkcs11 {
namespace {

ByteView given(const CK_BYTE *data, CK_ULONG size) {
    require_argument(data != nullptr || size == 0);
    return {data, size};
}

// The C_...Init functions: begins an operation, or with no mechanism cancels the one that is active, as 3.0 has it.
template <class Operation>
CK_RV begin(const Instance &instance, const Session &session, std::unique_ptr<Operation> &slot,
            const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key) {
    if (mechanism == nullptr) {
        require_argument(slot != nullptr);
        slot.reset();
        return CKR_OK;
    }
    if (slot) return CKR_OPERATION_ACTIVE;
    const auto &objects = session.token.contents().objects;
    if (key == CK_INVALID_HANDLE || key > objects.size()) return CKR_KEY_HANDLE_INVALID;
    slot = std::make_unique<Operation>(instance.libctx(), *mechanism, objects[key - 1]);
    return CKR_OK;
}

}  // namespace

CK_RV verify_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key) noexcept {
    return with_session(session, [=](const Instance &instance, Session &open) {
        return begin(instance, open, open.verification, mechanism, key);
    });
}

CK_RV verify(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_size, CK_BYTE *signature,
             CK_ULONG signature_size) noexcept {
    return with_session(session, [=](const Instance &, Session &open) -> CK_RV {
        // Taken out: whatever happens now, it is over.
        const auto operation = std::move(open.verification);
        if (!operation || operation->updated()) return CKR_OPERATION_NOT_INITIALIZED;
        const auto signed_data = given(data, data_size);
        const auto claimed = given(signature, signature_size);
        operation->update(signed_data);
        return operation->finish(claimed);
    });
}

CK_RV verify_update(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_size) noexcept {
    return with_session(session, [=](const Instance &, Session &open) -> CK_RV {
        auto operation = std::move(open.verification);
        if (!operation) return CKR_OPERATION_NOT_INITIALIZED;
        operation->update(given(part, part_size));
        open.verification = std::move(operation);
        return CKR_OK;
    });
}

CK_RV verify_final(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG signature_size) noexcept {
    return with_session(session, [=](const Instance &, Session &open) -> CK_RV {
        const auto operation = std::move(open.verification);
        if (!operation) return CKR_OPERATION_NOT_INITIALIZED;
        return operation->finish(given(signature, signature_size));
    });
}

CK_RV encrypt_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key) noexcept {
    return with_session(session, [=](const Instance &instance, Session &open) {
        return begin(instance, open, open.encryption, mechanism, key);
    });
}

CK_RV encrypt(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_size, CK_BYTE *encrypted,
              CK_ULONG *encrypted_size) noexcept {
    return with_session(session, [=](const Instance &, Session &open) -> CK_RV {
        auto operation = std::move(open.encryption);
        if (!operation) return CKR_OPERATION_NOT_INITIALIZED;
        const auto plain = given(data, data_size);
        require_argument(encrypted_size != nullptr);
        const auto room = *encrypted_size;
        *encrypted_size = operation->size();
        if (encrypted == nullptr || room < operation->size()) {
            open.encryption = std::move(operation);
            return encrypted == nullptr ? CKR_OK : CKR_BUFFER_TOO_SMALL;
        }
        const auto result = operation->finish(plain);
        std::ranges::copy(result, encrypted);
        *encrypted_size = result.size();
        return CKR_OK;
    });
}

// C_SeedRandom and C_GenerateRandom: this code, and no other, tells that a token has no generator.
CK_RV no_random_numbers(CK_SESSION_HANDLE session, CK_BYTE * /*data*/, CK_ULONG /*size*/) noexcept {
    return with_session(session, [](const Instance &, const Session &) -> CK_RV { return CKR_RANDOM_NO_RNG; });
}

}  // namespace mhsm::pkcs11
