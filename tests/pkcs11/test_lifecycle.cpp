// Start and end, sessions, logging in, fork, and every function of the lists.
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>

#include "module_fixture.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

// Runs `body` in a child and gives its result, 0 to 254; 255 if it did not get that far.
int in_child(const std::function<int()> &body) {
    const auto child = ::fork();
    CHECK(child >= 0);
    if (child == 0) {
        int result = 255;
        try {
            result = body();
        } catch (...) {
        }
        ::_exit(result);
    }
    int status = 0;
    CHECK_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

CK_RV no_mutex(void **) { return CKR_OK; }
CK_RV no_lock(void *) { return CKR_OK; }

std::string padded(const CK_UTF8CHAR *field, std::size_t size) { return {reinterpret_cast<const char *>(field), size}; }

CK_RV open(const Module &module, CK_SLOT_ID slot, CK_FLAGS flags) {
    CK_SESSION_HANDLE session = 0;
    return module->C_OpenSession(slot, flags, nullptr, nullptr, &session);
}

}  // namespace

TEST(nothing_works_before_initialize) {
    const Module module;
    CK_INFO info;
    CK_ULONG number = 0;
    CHECK_EQ(module->C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
    CHECK_EQ(module->C_GetSlotList(CK_TRUE, nullptr, &number), CKR_CRYPTOKI_NOT_INITIALIZED);
    CHECK_EQ(module->C_SignInit(1, nullptr, 1), CKR_CRYPTOKI_NOT_INITIALIZED);
    CHECK_EQ(module->C_Finalize(nullptr), CKR_CRYPTOKI_NOT_INITIALIZED);
}

TEST(initialize_and_finalize_once_each) {
    Module module;
    for (int round = 0; round < 3; ++round) {
        module.start(real_source());
        CHECK_EQ(module.initialize(real_source()), CKR_CRYPTOKI_ALREADY_INITIALIZED);
        CHECK_EQ(open(module, 0, CKF_SERIAL_SESSION), CKR_OK);
        int something = 0;
        CHECK_EQ(module->C_Finalize(&something), CKR_ARGUMENTS_BAD);
        CHECK_EQ(module->C_Finalize(nullptr), CKR_OK);
        CHECK_EQ(module->C_Finalize(nullptr), CKR_CRYPTOKI_NOT_INITIALIZED);
    }
}

TEST(locking_arguments) {
    const Module module;
    char reserved[] = "config=/dev/null";
    struct Row {
        const char *name;
        CK_C_INITIALIZE_ARGS args;
        CK_RV expected;
    };
    const Row rows[] = {
        {"no locking", {nullptr, nullptr, nullptr, nullptr, 0, reserved}, CKR_OK},
        {"the system's", {nullptr, nullptr, nullptr, nullptr, CKF_OS_LOCKING_OK, reserved}, CKR_OK},
        {"either", {no_mutex, no_lock, no_lock, no_lock, CKF_OS_LOCKING_OK, reserved}, CKR_OK},
        {"the application's only", {no_mutex, no_lock, no_lock, no_lock, 0, reserved}, CKR_CANT_LOCK},
        {"half of them", {no_mutex, no_lock, nullptr, nullptr, CKF_OS_LOCKING_OK, reserved}, CKR_ARGUMENTS_BAD},
        {"one", {nullptr, nullptr, no_lock, nullptr, 0, reserved}, CKR_ARGUMENTS_BAD},
        {"no threads", {nullptr, nullptr, nullptr, nullptr, CKF_LIBRARY_CANT_CREATE_OS_THREADS, reserved}, CKR_OK},
    };
    for (auto row : rows) {
        const Context context(row.name);
        CHECK_EQ(module->C_Initialize(&row.args), row.expected);
        if (row.expected == CKR_OK) CHECK_EQ(module->C_Finalize(nullptr), CKR_OK);
    }
}

TEST(slots_and_tokens) {
    Module module;
    module.start(real_source() + " source=/nonexistent");
    CK_ULONG number = 0;
    CHECK_EQ(module->C_GetSlotList(CK_TRUE, nullptr, nullptr), CKR_ARGUMENTS_BAD);
    CHECK_EQ(module->C_GetSlotList(CK_TRUE, nullptr, &number), CKR_OK);
    CHECK_EQ(number, 2U);
    CK_SLOT_ID slots[4] = {};
    number = 1;
    CHECK_EQ(module->C_GetSlotList(CK_TRUE, slots, &number), CKR_BUFFER_TOO_SMALL);
    CHECK_EQ(number, 2U);
    number = 4;
    CHECK_EQ(module->C_GetSlotList(CK_FALSE, slots, &number), CKR_OK);
    CHECK_EQ(number, 2U);
    CK_TOKEN_INFO info;
    CHECK_EQ(module->C_GetTokenInfo(slots[0], &info), CKR_OK);
    CHECK_EQ(padded(info.label, 32), "clitesthsmkeyatsbvzpfrzm        ");
    CHECK_EQ(padded(info.serialNumber, 16), "3G2142-ICM003565");
    CHECK_EQ(padded(info.model, 16), "firmware 2.x    ");
    CHECK_EQ(info.flags, CK_FLAGS{CKF_WRITE_PROTECTED | CKF_TOKEN_INITIALIZED});
    CHECK_EQ(module->C_GetTokenInfo(slots[1], &info), CKR_OK);
    CHECK_EQ(info.flags, CK_FLAGS{CKF_WRITE_PROTECTED | CKF_TOKEN_INITIALIZED | CKF_ERROR_STATE});
    CHECK_EQ(padded(info.label, 13), "nonexistent  ");
    CHECK_EQ(module->C_GetTokenInfo(2, &info), CKR_SLOT_ID_INVALID);
    CHECK_EQ(module->C_GetTokenInfo(0, nullptr), CKR_ARGUMENTS_BAD);
    CK_SLOT_INFO slot;
    CHECK_EQ(module->C_GetSlotInfo(1, &slot), CKR_OK);
    CHECK_EQ(slot.flags, CK_FLAGS{CKF_TOKEN_PRESENT});
    CHECK_EQ(module->C_WaitForSlotEvent(CKF_DONT_BLOCK, slots, nullptr), CKR_NO_EVENT);
}

TEST(sessions) {
    Module module;
    module.start(real_source());
    CHECK_EQ(open(module, 0, 0), CKR_SESSION_PARALLEL_NOT_SUPPORTED);
    CHECK_EQ(open(module, 0, CKF_SERIAL_SESSION | CKF_RW_SESSION), CKR_TOKEN_WRITE_PROTECTED);
    CHECK_EQ(open(module, 7, CKF_SERIAL_SESSION), CKR_SLOT_ID_INVALID);
    CHECK_EQ(module->C_OpenSession(0, CKF_SERIAL_SESSION, nullptr, nullptr, nullptr), CKR_ARGUMENTS_BAD);
    constexpr CK_ULONG many = 1000;
    std::vector<CK_SESSION_HANDLE> handles(many);
    for (auto &handle : handles)
        CHECK_EQ(module->C_OpenSession(0, CKF_SERIAL_SESSION, nullptr, nullptr, &handle), CKR_OK);
    CK_TOKEN_INFO token;
    CHECK_EQ(module->C_GetTokenInfo(0, &token), CKR_OK);
    CHECK_EQ(token.ulSessionCount, many);
    CK_SESSION_INFO info;
    CHECK_EQ(module->C_GetSessionInfo(handles[5], &info), CKR_OK);
    CHECK_EQ(info.flags, CK_FLAGS{CKF_SERIAL_SESSION});
    CHECK_EQ(info.state, CK_STATE{CKS_RO_PUBLIC_SESSION});
    CHECK_EQ(module->C_CloseSession(handles[5]), CKR_OK);
    CHECK_EQ(module->C_CloseSession(handles[5]), CKR_SESSION_HANDLE_INVALID);
    CHECK_EQ(module->C_GetSessionInfo(handles[5], &info), CKR_SESSION_HANDLE_INVALID);
    CHECK_EQ(module->C_CloseAllSessions(0), CKR_OK);
    CHECK_EQ(module->C_GetSessionInfo(handles[6], &info), CKR_SESSION_HANDLE_INVALID);
    CHECK_EQ(module->C_CloseAllSessions(9), CKR_SLOT_ID_INVALID);
    CHECK_EQ(module->C_GetTokenInfo(0, &token), CKR_OK);
    CHECK_EQ(token.ulSessionCount, 0U);
}

TEST(sessions_have_a_limit) {
    Module module;
    module.start(real_source());
    CK_ULONG opened = 0;
    CK_RV code = CKR_OK;
    while (opened < 100000 && (code = open(module, 0, CKF_SERIAL_SESSION)) == CKR_OK) ++opened;
    CHECK_EQ(code, CKR_SESSION_COUNT);
    CHECK_EQ(opened, 16384U);
    CHECK_EQ(module->C_CloseAllSessions(0), CKR_OK);
    CHECK_EQ(open(module, 0, CKF_SERIAL_SESSION), CKR_OK);
}

TEST(logging_in_changes_nothing_but_the_state) {
    Module module;
    module.start(real_source());
    const OpenSession session(module);
    CK_UTF8CHAR pin[] = "1234";
    CHECK_EQ(module->C_Logout(session.handle()), CKR_USER_NOT_LOGGED_IN);
    CHECK_EQ(module->C_Login(session.handle(), CKU_SO, pin, 4), CKR_SESSION_READ_ONLY_EXISTS);
    CHECK_EQ(module->C_Login(session.handle(), CKU_CONTEXT_SPECIFIC, pin, 4), CKR_OPERATION_NOT_INITIALIZED);
    CHECK_EQ(module->C_Login(session.handle(), 17, pin, 4), CKR_USER_TYPE_INVALID);
    CHECK_EQ(module->C_Login(session.handle(), CKU_USER, pin, 4), CKR_OK);
    CHECK_EQ(module->C_Login(session.handle(), CKU_USER, pin, 4), CKR_USER_ALREADY_LOGGED_IN);
    CK_SESSION_INFO info;
    CHECK_EQ(module->C_GetSessionInfo(session.handle(), &info), CKR_OK);
    CHECK_EQ(info.state, CK_STATE{CKS_RO_USER_FUNCTIONS});
    CHECK_EQ(session.find({}).size(), 7U);
    CHECK_EQ(module->C_Logout(session.handle()), CKR_OK);
}

TEST(a_child_starts_anew) {
    Module module;
    module.start(real_source());
    const OpenSession session(module);
    const auto code = in_child([&] {
        CK_SESSION_INFO info;
        if (module->C_GetSessionInfo(session.handle(), &info) != CKR_CRYPTOKI_NOT_INITIALIZED) return 1;
        if (module->C_Finalize(nullptr) != CKR_CRYPTOKI_NOT_INITIALIZED) return 2;
        if (module.initialize(real_source()) != CKR_OK) return 3;
        if (module->C_GetSessionInfo(session.handle(), &info) != CKR_SESSION_HANDLE_INVALID) return 4;
        const OpenSession own(module);
        if (own.find({}).size() != 7) return 5;
        return module->C_Finalize(nullptr) == CKR_OK ? 0 : 6;
    });
    CHECK_EQ(code, 0);
    CHECK_EQ(session.find({}).size(), 7U);  // the parent goes on
}

TEST(no_function_is_missing) {
    Module module;
    module.start(real_source());
    const auto get_interfaces =
        reinterpret_cast<CK_RV (*)(CK_INTERFACE *, CK_ULONG *)>(module.symbol("C_GetInterfaceList"));
    CK_ULONG number = 0;
    CHECK_EQ(get_interfaces(nullptr, &number), CKR_OK);
    CHECK_EQ(number, 2U);
    CK_INTERFACE interfaces[2];
    number = 1;
    CHECK_EQ(get_interfaces(interfaces, &number), CKR_BUFFER_TOO_SMALL);
    CHECK_EQ(get_interfaces(interfaces, &number), CKR_OK);
    const std::size_t sizes[2] = {sizeof(CK_FUNCTION_LIST_3_0), sizeof(CK_FUNCTION_LIST)};
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK_EQ(std::string(reinterpret_cast<const char *>(interfaces[i].pInterfaceName)), "PKCS 11");
        // Behind the version there is nothing but pointers.
        std::vector<void *> pointers(sizes[i] / sizeof(void *));
        std::memcpy(pointers.data(), interfaces[i].pFunctionList, sizes[i]);
        CHECK_EQ(pointers.size(), i == 0 ? 93U : 69U);
        for (std::size_t p = 1; p < pointers.size(); ++p) CHECK(pointers[p] != nullptr);
    }
}

TEST(interfaces_by_name_and_version) {
    const Module module;
    const auto get = reinterpret_cast<CK_RV (*)(CK_UTF8CHAR *, CK_VERSION *, CK_INTERFACE **, CK_FLAGS)>(
        module.symbol("C_GetInterface"));
    CK_UTF8CHAR name[] = "PKCS 11";
    CK_UTF8CHAR other[] = "Vendor X";
    CK_VERSION two{2, 40};
    CK_VERSION three{3, 0};
    CK_VERSION nine{9, 0};
    const auto version_of = [&](CK_UTF8CHAR *wanted, CK_VERSION *version) {
        CK_INTERFACE *found = nullptr;
        if (get(wanted, version, &found, 0) != CKR_OK) return 0;
        const auto *listed = static_cast<const CK_VERSION *>(found->pFunctionList);
        return listed->major * 100 + listed->minor;
    };
    CHECK_EQ(version_of(nullptr, nullptr), 300);
    CHECK_EQ(version_of(name, &two), 240);
    CHECK_EQ(version_of(name, &three), 300);
    CHECK_EQ(version_of(name, &nine), 0);
    CHECK_EQ(version_of(other, nullptr), 0);
    CK_INTERFACE *found = nullptr;
    CHECK_EQ(get(nullptr, nullptr, &found, 1), CKR_FUNCTION_FAILED);  // not fork safe, as 3.0 understands it
    CHECK_EQ(get(nullptr, nullptr, nullptr, 0), CKR_ARGUMENTS_BAD);
}

TEST(what_is_not_supported_says_so) {
    Module module;
    module.start(real_source());
    const OpenSession session(module);
    CK_MECHANISM mechanism{CKM_RSA_PKCS, nullptr, 0};
    CK_OBJECT_HANDLE object = 0;
    CK_BYTE byte = 0;
    CK_ULONG size = 1;
    const auto handle = session.handle();
    CHECK_EQ(module->C_SignInit(handle, &mechanism, 1), CKR_FUNCTION_NOT_SUPPORTED);
    CHECK_EQ(module->C_DecryptInit(handle, &mechanism, 1), CKR_FUNCTION_NOT_SUPPORTED);
    CHECK_EQ(module->C_CreateObject(handle, nullptr, 0, &object), CKR_FUNCTION_NOT_SUPPORTED);
    CHECK_EQ(module->C_DestroyObject(handle, 1), CKR_FUNCTION_NOT_SUPPORTED);
    CHECK_EQ(module->C_SetAttributeValue(handle, 1, nullptr, 0), CKR_FUNCTION_NOT_SUPPORTED);
    CHECK_EQ(module->C_WrapKey(handle, &mechanism, 1, 2, &byte, &size), CKR_FUNCTION_NOT_SUPPORTED);
    CHECK_EQ(module->C_GenerateRandom(handle, &byte, 1), CKR_RANDOM_NO_RNG);
    CHECK_EQ(module->C_SeedRandom(handle, &byte, 1), CKR_RANDOM_NO_RNG);
    CHECK_EQ(module->C_InitToken(0, &byte, 1, &byte), CKR_FUNCTION_NOT_SUPPORTED);
    CHECK_EQ(module->C_GetFunctionStatus(handle), CKR_FUNCTION_NOT_PARALLEL);
    CHECK_EQ(module->C_CancelFunction(handle), CKR_FUNCTION_NOT_PARALLEL);
}
