// The functions of PKCS#11 that this module has, under the names of the standard in lower case.
#pragma once

#include "cryptoki.h"

namespace mhsm::pkcs11 {

// entry_general.cpp
CK_RV initialize(void *args) noexcept;
CK_RV finalize(void *reserved) noexcept;
CK_RV get_info(CK_INFO *info) noexcept;
CK_RV get_slot_list(CK_BBOOL token_present, CK_SLOT_ID *list, CK_ULONG *number) noexcept;
CK_RV get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *info) noexcept;
CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info) noexcept;
CK_RV wait_for_slot_event(CK_FLAGS flags, CK_SLOT_ID *slot, void *reserved) noexcept;
CK_RV get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *number) noexcept;
CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info) noexcept;

// entry_session.cpp
CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
                   CK_SESSION_HANDLE *session) noexcept;
CK_RV close_session(CK_SESSION_HANDLE session) noexcept;
CK_RV close_all_sessions(CK_SLOT_ID slot) noexcept;
CK_RV get_session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO *info) noexcept;
CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG pin_size) noexcept;
CK_RV logout(CK_SESSION_HANDLE session) noexcept;
CK_RV session_cancel(CK_SESSION_HANDLE session, CK_FLAGS flags) noexcept;
CK_RV get_function_status(CK_SESSION_HANDLE session) noexcept;
CK_RV cancel_function(CK_SESSION_HANDLE session) noexcept;

// entry_object.cpp
CK_RV get_object_size(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG *size) noexcept;
CK_RV get_attribute_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *entries,
                          CK_ULONG number) noexcept;
CK_RV find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *entries, CK_ULONG number) noexcept;
CK_RV find_objects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *list, CK_ULONG most, CK_ULONG *number) noexcept;
CK_RV find_objects_final(CK_SESSION_HANDLE session) noexcept;

// entry_crypto.cpp
CK_RV verify_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key) noexcept;
CK_RV verify(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_size, CK_BYTE *signature,
             CK_ULONG signature_size) noexcept;
CK_RV verify_update(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_size) noexcept;
CK_RV verify_final(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG signature_size) noexcept;
CK_RV encrypt_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key) noexcept;
CK_RV encrypt(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_size, CK_BYTE *encrypted,
              CK_ULONG *encrypted_size) noexcept;
CK_RV no_random_numbers(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG size) noexcept;

}  // namespace mhsm::pkcs11
