// The three symbols of the module, and the lists of functions that they hand out. No entry is null: there are
// applications that would call it.
#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "entries.h"
#include "guard.h"

extern "C" {
__attribute__((visibility("default"))) CK_RV C_GetInterfaceList(CK_INTERFACE *list, CK_ULONG *count);
__attribute__((visibility("default"))) CK_RV C_GetInterface(CK_UTF8CHAR *name, CK_VERSION *version,
                                                            CK_INTERFACE **interface, CK_FLAGS flags);
__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list);
}

namespace mhsm::pkcs11 {
namespace {

// Stands for every function that this module does not have, whatever its parameters.
template <class... Parameters>
CK_RV unsupported(Parameters...) noexcept {
    return with_instance([](Instance &) -> CK_RV { return CKR_FUNCTION_NOT_SUPPORTED; });
}

template <class List>
constexpr void fill_general(List &list) noexcept {
    list.C_Initialize = initialize;
    list.C_Finalize = finalize;
    list.C_GetInfo = get_info;
    list.C_GetFunctionList = C_GetFunctionList;
    list.C_GetSlotList = get_slot_list;
    list.C_GetSlotInfo = get_slot_info;
    list.C_GetTokenInfo = get_token_info;
    list.C_GetMechanismList = get_mechanism_list;
    list.C_GetMechanismInfo = get_mechanism_info;
    list.C_InitToken = unsupported;
    list.C_InitPIN = unsupported;
    list.C_SetPIN = unsupported;
    list.C_OpenSession = open_session;
    list.C_CloseSession = close_session;
    list.C_CloseAllSessions = close_all_sessions;
    list.C_GetSessionInfo = get_session_info;
    list.C_GetOperationState = unsupported;
    list.C_SetOperationState = unsupported;
    list.C_Login = login;
    list.C_Logout = logout;
    list.C_GetFunctionStatus = get_function_status;
    list.C_CancelFunction = cancel_function;
    list.C_WaitForSlotEvent = wait_for_slot_event;
}

template <class List>
constexpr void fill_objects(List &list) noexcept {
    list.C_CreateObject = unsupported;
    list.C_CopyObject = unsupported;
    list.C_DestroyObject = unsupported;
    list.C_GetObjectSize = get_object_size;
    list.C_GetAttributeValue = get_attribute_value;
    list.C_SetAttributeValue = unsupported;
    list.C_FindObjectsInit = find_objects_init;
    list.C_FindObjects = find_objects;
    list.C_FindObjectsFinal = find_objects_final;
    list.C_GenerateKey = unsupported;
    list.C_GenerateKeyPair = unsupported;
    list.C_WrapKey = unsupported;
    list.C_UnwrapKey = unsupported;
    list.C_DeriveKey = unsupported;
}

template <class List>
constexpr void fill_crypto(List &list) noexcept {
    list.C_EncryptInit = encrypt_init;
    list.C_Encrypt = encrypt;
    list.C_EncryptUpdate = unsupported;
    list.C_EncryptFinal = unsupported;
    list.C_DecryptInit = unsupported;
    list.C_Decrypt = unsupported;
    list.C_DecryptUpdate = unsupported;
    list.C_DecryptFinal = unsupported;
    list.C_DigestInit = unsupported;
    list.C_Digest = unsupported;
    list.C_DigestUpdate = unsupported;
    list.C_DigestKey = unsupported;
    list.C_DigestFinal = unsupported;
    list.C_SignInit = unsupported;
    list.C_Sign = unsupported;
    list.C_SignUpdate = unsupported;
    list.C_SignFinal = unsupported;
    list.C_SignRecoverInit = unsupported;
    list.C_SignRecover = unsupported;
    list.C_VerifyInit = verify_init;
    list.C_Verify = verify;
    list.C_VerifyUpdate = verify_update;
    list.C_VerifyFinal = verify_final;
    list.C_VerifyRecoverInit = unsupported;
    list.C_VerifyRecover = unsupported;
    list.C_DigestEncryptUpdate = unsupported;
    list.C_DecryptDigestUpdate = unsupported;
    list.C_SignEncryptUpdate = unsupported;
    list.C_DecryptVerifyUpdate = unsupported;
    list.C_SeedRandom = no_random_numbers;
    list.C_GenerateRandom = no_random_numbers;
}

constexpr void fill_version3(CK_FUNCTION_LIST_3_0 &list) noexcept {
    list.C_GetInterfaceList = C_GetInterfaceList;
    list.C_GetInterface = C_GetInterface;
    list.C_LoginUser = unsupported;
    list.C_SessionCancel = session_cancel;
    list.C_MessageEncryptInit = unsupported;
    list.C_EncryptMessage = unsupported;
    list.C_EncryptMessageBegin = unsupported;
    list.C_EncryptMessageNext = unsupported;
    list.C_MessageEncryptFinal = unsupported;
    list.C_MessageDecryptInit = unsupported;
    list.C_DecryptMessage = unsupported;
    list.C_DecryptMessageBegin = unsupported;
    list.C_DecryptMessageNext = unsupported;
    list.C_MessageDecryptFinal = unsupported;
    list.C_MessageSignInit = unsupported;
    list.C_SignMessage = unsupported;
    list.C_SignMessageBegin = unsupported;
    list.C_SignMessageNext = unsupported;
    list.C_MessageSignFinal = unsupported;
    list.C_MessageVerifyInit = unsupported;
    list.C_VerifyMessage = unsupported;
    list.C_VerifyMessageBegin = unsupported;
    list.C_VerifyMessageNext = unsupported;
    list.C_MessageVerifyFinal = unsupported;
}

template <class List>
constexpr List make_list(CK_VERSION version) noexcept {
    List list{};
    list.version = version;
    fill_general(list);
    fill_objects(list);
    fill_crypto(list);
    return list;
}

constexpr CK_FUNCTION_LIST_3_0 make_version3() noexcept {
    auto list = make_list<CK_FUNCTION_LIST_3_0>({3, 0});
    fill_version3(list);
    return list;
}

// The standard hands these out without const; nobody writes to them.
constinit CK_FUNCTION_LIST version2 = make_list<CK_FUNCTION_LIST>({2, 40});
constinit CK_FUNCTION_LIST_3_0 version3 = make_version3();
constinit CK_UTF8CHAR interface_name[] = "PKCS 11";
// The default comes first.
constinit std::array<CK_INTERFACE, 2> interfaces{{{interface_name, &version3, 0}, {interface_name, &version2, 0}}};

bool is_wanted(const CK_INTERFACE &offered, const CK_UTF8CHAR *name, const CK_VERSION *version, CK_FLAGS flags) {
    const auto *offered_version = static_cast<const CK_VERSION *>(offered.pFunctionList);
    if (name != nullptr && std::strcmp(reinterpret_cast<const char *>(name), "PKCS 11") != 0) return false;
    if (version != nullptr && (version->major != offered_version->major || version->minor != offered_version->minor))
        return false;
    return (offered.flags & flags) == flags;
}

}  // namespace
}  // namespace mhsm::pkcs11

using namespace mhsm::pkcs11;  // NOLINT(google-build-using-namespace): what follows are its own entries

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list) {
    if (list == nullptr) return CKR_ARGUMENTS_BAD;
    *list = &version2;
    return CKR_OK;
}

CK_RV C_GetInterfaceList(CK_INTERFACE *list, CK_ULONG *count) {
    if (count == nullptr) return CKR_ARGUMENTS_BAD;
    const auto room = *count;
    *count = interfaces.size();
    if (list == nullptr) return CKR_OK;
    if (room < interfaces.size()) return CKR_BUFFER_TOO_SMALL;
    std::ranges::copy(interfaces, list);
    return CKR_OK;
}

CK_RV C_GetInterface(CK_UTF8CHAR *name, CK_VERSION *version, CK_INTERFACE **interface, CK_FLAGS flags) {
    if (interface == nullptr) return CKR_ARGUMENTS_BAD;
    auto *found = std::ranges::find_if(
        interfaces, [=](const CK_INTERFACE &offered) { return is_wanted(offered, name, version, flags); });
    if (found == interfaces.end()) return CKR_FUNCTION_FAILED;
    *interface = found;
    return CKR_OK;
}
