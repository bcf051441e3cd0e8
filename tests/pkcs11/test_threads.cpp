// Eight threads that search, read, verify and encrypt at the same time, and one instance of everything behind them.
// Under ThreadSanitizer this is the test for races.
#include <atomic>
#include <thread>

#include "module_fixture.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

constexpr int threads = 8;

// Runs `body` in all threads at once; a failed check of one of them fails the test.
template <class Body>
void in_threads(Body body) {
    std::atomic<int> failures{0};
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i)
        running.emplace_back([&failures, &body, i] {
            try {
                body(i);
            } catch (...) {
                ++failures;
            }
        });
    for (auto &thread : running) thread.join();
    CHECK_EQ(failures.load(), 0);
}

void require(bool condition) {
    if (!condition) throw std::runtime_error("failed");
}

std::vector<CK_OBJECT_HANDLE> find_all(const Module &module, CK_SESSION_HANDLE session) {
    std::vector<CK_OBJECT_HANDLE> found(20);
    CK_ULONG number = 0;
    require(module->C_FindObjectsInit(session, nullptr, 0) == CKR_OK);
    require(module->C_FindObjects(session, found.data(), found.size(), &number) == CKR_OK);
    require(module->C_FindObjectsFinal(session) == CKR_OK);
    found.resize(number);
    return found;
}

void read_all(const Module &module, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
    char room[20000];
    for (const CK_ATTRIBUTE_TYPE type : {CK_ATTRIBUTE_TYPE{CKA_CLASS}, CK_ATTRIBUTE_TYPE{CKA_LABEL},
                                         CK_ATTRIBUTE_TYPE{CKA_MHSMATTEST_REPORT}, CK_ATTRIBUTE_TYPE{CKA_VALUE}}) {
        CK_ATTRIBUTE asked{type, room, sizeof room};
        static_cast<void>(module->C_GetAttributeValue(session, object, &asked, 1));
    }
}

// Whatever the keys are: what cannot be done is refused.
void use_key(const Module &module, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
    CK_MECHANISM mechanism{CKM_RSA_PKCS, nullptr, 0};
    CK_BYTE data[32] = {};
    CK_BYTE signature[256] = {};
    CK_ULONG size = sizeof signature;
    if (module->C_VerifyInit(session, &mechanism, object) == CKR_OK)
        require(module->C_Verify(session, data, sizeof data, signature, sizeof signature) == CKR_SIGNATURE_INVALID);
    if (module->C_EncryptInit(session, &mechanism, object) == CKR_OK)
        require(module->C_Encrypt(session, data, sizeof data, signature, &size) == CKR_OK);
}

void work(const Module &module, int rounds) {
    for (int round = 0; round < rounds; ++round) {
        CK_SESSION_HANDLE session = 0;
        require(module->C_OpenSession(0, CKF_SERIAL_SESSION, nullptr, nullptr, &session) == CKR_OK);
        const auto objects = find_all(module, session);
        require(objects.size() == 7);
        for (const auto object : objects) {
            read_all(module, session, object);
            use_key(module, session, object);
        }
        CK_TOKEN_INFO info;
        require(module->C_GetTokenInfo(0, &info) == CKR_OK && info.ulSessionCount >= 1);
        require(module->C_CloseSession(session) == CKR_OK);
    }
}

}  // namespace

TEST(threads_with_sessions_of_their_own) {
    Module module;
    module.start(real_source());
    in_threads([&module](int) { work(module, 20); });
}

TEST(threads_that_share_a_session) {
    Module module;
    module.start(real_source());
    const OpenSession session(module);
    in_threads([&](int) {
        for (int round = 0; round < 50; ++round) {
            CK_ULONG number = 0;
            CK_OBJECT_HANDLE object = 0;
            // Only one can be searching; the others are told.
            const auto code = module->C_FindObjectsInit(session.handle(), nullptr, 0);
            require(code == CKR_OK || code == CKR_OPERATION_ACTIVE);
            static_cast<void>(module->C_FindObjects(session.handle(), &object, 1, &number));
            static_cast<void>(module->C_FindObjectsFinal(session.handle()));
            read_all(module, session.handle(), 1);
        }
    });
}

TEST(threads_that_start_and_end_the_module) {
    Module module;
    in_threads([&module](int) {
        for (int round = 0; round < 10; ++round) {
            const auto code = module.initialize(real_source());
            require(code == CKR_OK || code == CKR_CRYPTOKI_ALREADY_INITIALIZED);
            CK_SESSION_HANDLE session = 0;
            if (module->C_OpenSession(0, CKF_SERIAL_SESSION, nullptr, nullptr, &session) == CKR_OK)
                static_cast<void>(module->C_GetObjectSize(session, 1, &session));
            static_cast<void>(module->C_Finalize(nullptr));
        }
    });
}

TEST(tokens_are_loaded_once_whoever_asks_first) {
    const Folder folder;
    const auto log = folder.path() + "/log";
    Module module;
    module.start("log=" + log + " " + real_source());
    in_threads([&module](int) {
        CK_TOKEN_INFO info;
        require(module->C_GetTokenInfo(0, &info) == CKR_OK);
    });
    const auto text = read_file(log);
    CHECK_EQ(text.find("verified"), text.rfind("verified"));
}
