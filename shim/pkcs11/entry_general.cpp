// Start and end of the module, slots, tokens and mechanisms.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "core/attributes.h"
#include "entries.h"
#include "guard.h"

namespace mhsm::pkcs11 {
namespace {

constexpr std::string_view maker = "mhsm-attest";

// Text fields are padded with blanks and do not end with NUL.
template <std::size_t Size>
void fill(unsigned char (&field)[Size], std::string_view text) {
    std::memset(field, ' ', Size);
    std::memcpy(field, text.data(), std::min(text.size(), Size));
}

CK_VERSION library_version() {
    char *end = nullptr;
    const auto major = std::strtoul(MHSMATTEST_VERSION, &end, 10);
    const auto minor = std::strtoul(*end == '.' ? end + 1 : end, nullptr, 10);
    return {static_cast<unsigned char>(major), static_cast<unsigned char>(minor)};
}

// The module locks with the operating system's primitives only.
void check_locking(const CK_C_INITIALIZE_ARGS &args) {
    const auto given = static_cast<int>(args.CreateMutex != nullptr) + static_cast<int>(args.DestroyMutex != nullptr) +
                       static_cast<int>(args.LockMutex != nullptr) + static_cast<int>(args.UnlockMutex != nullptr);
    constexpr int all = 4;
    if (given != 0 && given != all) throw Error(CKR_ARGUMENTS_BAD);
    if (given == all && (args.flags & CKF_OS_LOCKING_OK) == 0) throw Error(CKR_CANT_LOCK);
}

// The convention of the functions that fill a list: a null list asks for the number.
template <class Item, class Items>
CK_RV answer_list(const Items &items, Item *list, CK_ULONG *number) {
    const auto room = *number;
    *number = items.size();
    if (list == nullptr) return CKR_OK;
    if (room < items.size()) return CKR_BUFFER_TOO_SMALL;
    std::copy(items.begin(), items.end(), list);
    return CKR_OK;
}

}  // namespace

CK_RV initialize(void *args) noexcept {
    return guard([args]() -> CK_RV {
        if (args == nullptr) {
            initialize_process(nullptr, true);
            return CKR_OK;
        }
        const auto &given = *static_cast<const CK_C_INITIALIZE_ARGS *>(args);
        check_locking(given);
        const bool may_create_threads = (given.flags & CKF_LIBRARY_CANT_CREATE_OS_THREADS) == 0;
        initialize_process(static_cast<const char *>(given.pReserved), may_create_threads);
        return CKR_OK;
    });
}

CK_RV finalize(void *reserved) noexcept {
    return guard([reserved]() -> CK_RV {
        require_argument(reserved == nullptr);
        finalize_process();
        return CKR_OK;
    });
}

CK_RV get_info(CK_INFO *info) noexcept {
    return with_instance([info](Instance &) -> CK_RV {
        require_argument(info != nullptr);
        *info = {};
        info->cryptokiVersion = {2, 40};
        fill(info->manufacturerID, maker);
        fill(info->libraryDescription, "Attested Azure Managed HSM keys");
        info->libraryVersion = library_version();
        return CKR_OK;
    });
}

CK_RV get_slot_list(CK_BBOOL /*token_present*/, CK_SLOT_ID *list, CK_ULONG *number) noexcept {
    return with_instance([=](Instance &instance) -> CK_RV {
        require_argument(number != nullptr);
        std::vector<CK_SLOT_ID> slots(instance.slots());  // each has its token
        for (std::size_t i = 0; i < slots.size(); ++i) slots[i] = i;
        return answer_list(slots, list, number);
    });
}

CK_RV get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *info) noexcept {
    return with_instance([=](Instance &instance) -> CK_RV {
        require_argument(info != nullptr);
        *info = {};
        fill(info->slotDescription, printable(instance.token(slot).source().location));
        fill(info->manufacturerID, maker);
        info->flags = CKF_TOKEN_PRESENT;
        return CKR_OK;
    });
}

CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info) noexcept {
    return with_instance([=](Instance &instance) -> CK_RV {
        require_argument(info != nullptr);
        const auto &contents = instance.loaded_token(slot).contents();
        *info = {};
        fill(info->label, contents.label);
        fill(info->manufacturerID, contents.manufacturer);
        fill(info->model, contents.model);
        fill(info->serialNumber, contents.serial);
        fill(info->utcTime, "");
        info->flags = CKF_WRITE_PROTECTED | CKF_TOKEN_INITIALIZED | (contents.flawed ? CKF_ERROR_STATE : 0);
        info->ulMaxSessionCount = Instance::most_sessions;
        info->ulSessionCount = instance.session_count(slot);
        info->ulMaxRwSessionCount = CK_UNAVAILABLE_INFORMATION;
        for (auto *memory : {&info->ulTotalPublicMemory, &info->ulFreePublicMemory, &info->ulTotalPrivateMemory,
                             &info->ulFreePrivateMemory})
            *memory = CK_UNAVAILABLE_INFORMATION;
        info->firmwareVersion = contents.firmware;
        return CKR_OK;
    });
}

CK_RV wait_for_slot_event(CK_FLAGS flags, CK_SLOT_ID *slot, void *reserved) noexcept {
    return with_instance([=](Instance &) -> CK_RV {
        require_argument(slot != nullptr && reserved == nullptr);
        // Slots never change; waiting for it would be waiting forever.
        return (flags & CKF_DONT_BLOCK) != 0 ? CKR_NO_EVENT : CKR_FUNCTION_NOT_SUPPORTED;
    });
}

CK_RV get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *number) noexcept {
    return with_instance([=](Instance &instance) -> CK_RV {
        static_cast<void>(instance.token(slot));
        require_argument(number != nullptr);
        std::vector<CK_MECHANISM_TYPE> types;
        for (const auto &mechanism : mechanisms()) types.push_back(mechanism.type);
        return answer_list(types, list, number);
    });
}

CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info) noexcept {
    return with_instance([=](Instance &instance) -> CK_RV {
        static_cast<void>(instance.token(slot));
        require_argument(info != nullptr);
        *info = mechanism_info(find_mechanism(type));
        return CKR_OK;
    });
}

}  // namespace mhsm::pkcs11
