// Sessions, and logging in where there is nothing to log in for.
#include "entries.h"
#include "guard.h"

namespace mhsm::pkcs11 {

CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void * /*application*/, CK_NOTIFY /*notify*/,
                   CK_SESSION_HANDLE *session) noexcept {
    return with_instance([=](Instance &instance) -> CK_RV {
        static_cast<void>(instance.token(slot));
        require_argument(session != nullptr);
        if ((flags & CKF_SERIAL_SESSION) == 0) return CKR_SESSION_PARALLEL_NOT_SUPPORTED;
        if ((flags & CKF_RW_SESSION) != 0) return CKR_TOKEN_WRITE_PROTECTED;
        *session = instance.open_session(slot, flags & CKF_SERIAL_SESSION);
        return CKR_OK;
    });
}

CK_RV close_session(CK_SESSION_HANDLE session) noexcept {
    return with_instance([=](Instance &instance) -> CK_RV {
        instance.close_session(session);
        return CKR_OK;
    });
}

CK_RV close_all_sessions(CK_SLOT_ID slot) noexcept {
    return with_instance([=](Instance &instance) -> CK_RV {
        instance.close_all_sessions(slot);
        return CKR_OK;
    });
}

CK_RV get_session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO *info) noexcept {
    return with_session(session, [=](const Instance &instance, const Session &open) -> CK_RV {
        require_argument(info != nullptr);
        *info = {};
        info->slotID = open.slot;
        info->state = instance.logged_in(open.slot) ? CKS_RO_USER_FUNCTIONS : CKS_RO_PUBLIC_SESSION;
        info->flags = open.flags;
        return CKR_OK;
    });
}

CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR * /*pin*/, CK_ULONG /*pin_size*/) noexcept {
    return with_session(session, [=](Instance &instance, const Session &open) -> CK_RV {
        switch (user) {
            case CKU_USER: instance.log_in(open.slot); return CKR_OK;
            case CKU_SO: return CKR_SESSION_READ_ONLY_EXISTS;  // as every session is
            case CKU_CONTEXT_SPECIFIC: return CKR_OPERATION_NOT_INITIALIZED;
            default: return CKR_USER_TYPE_INVALID;
        }
    });
}

CK_RV logout(CK_SESSION_HANDLE session) noexcept {
    return with_session(session, [](Instance &instance, const Session &open) -> CK_RV {
        instance.log_out(open.slot);
        return CKR_OK;
    });
}

CK_RV session_cancel(CK_SESSION_HANDLE session, CK_FLAGS flags) noexcept {
    return with_session(session, [=](const Instance &, Session &open) -> CK_RV {
        if ((flags & CKF_FIND_OBJECTS) != 0) open.search.reset();
        if ((flags & CKF_VERIFY) != 0) open.verification.reset();
        if ((flags & CKF_ENCRYPT) != 0) open.encryption.reset();
        return CKR_OK;
    });
}

// Two relics of parallel sessions.
CK_RV get_function_status(CK_SESSION_HANDLE session) noexcept {
    return with_session(session, [](const Instance &, const Session &) -> CK_RV { return CKR_FUNCTION_NOT_PARALLEL; });
}

CK_RV cancel_function(CK_SESSION_HANDLE session) noexcept { return get_function_status(session); }

}  // namespace mhsm::pkcs11
