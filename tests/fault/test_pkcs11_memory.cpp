// The PKCS#11 module without memory: allocations of everything an application asks for fail in turn, from C_Initialize
// to C_Finalize, in libcrypto as well as in the module. Each answer is an error that PKCS#11 knows or the whole truth,
// never an object of evidence that does not verify, and with memory again all is as before.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "failing_malloc.h"
#include "module_fixture.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

// Everything learned, in memory of its own: the questions themselves must not allocate.
struct Learned {
    std::array<unsigned char, 65536> bytes;
    std::size_t size = 0;

    void add(const void *data, std::size_t count) {
        const auto *begin = static_cast<const unsigned char *>(data);
        if (count > bytes.size() - size) std::abort();
        std::copy_n(begin, count, bytes.data() + size);
        size += count;
    }
    bool operator==(const Learned &other) const {
        return std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size), other.bytes.begin(),
                          other.bytes.begin() + static_cast<std::ptrdiff_t>(other.size));
    }
};

bool known(CK_RV code) {
    constexpr std::array codes{CKR_OK,           CKR_HOST_MEMORY, CKR_GENERAL_ERROR, CKR_FUNCTION_FAILED,
                               CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY};
    return std::ranges::find(codes, code) != codes.end();
}

// What an application does. Each part stops at the first call that fails, and returns what failed.
class Visit {
public:
    Visit(const Module &module, const std::string &reserved) : module_(module), reserved_(reserved) {}

    CK_RV begin() {
        CK_C_INITIALIZE_ARGS args{};
        args.flags = CKF_OS_LOCKING_OK;
        args.pReserved = const_cast<char *>(reserved_.c_str());
        return module_->C_Initialize(&args);
    }
    CK_RV end() { return module_->C_Finalize(nullptr); }

    // A session, and all that there is to see in it.
    CK_RV look(Learned &learned) {
        learned.size = 0;
        CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
        auto code = module_->C_OpenSession(0, CKF_SERIAL_SESSION, nullptr, nullptr, &session);
        if (code == CKR_OK) code = module_->C_FindObjectsInit(session, nullptr, 0);
        std::array<CK_OBJECT_HANDLE, 64> objects{};
        CK_ULONG count = 0;
        if (code == CKR_OK) code = module_->C_FindObjects(session, objects.data(), objects.size(), &count);
        for (CK_ULONG i = 0; i < count && code == CKR_OK; ++i) code = read(session, objects.at(i), learned);
        return code;
    }

    CK_RV run(Learned &learned) {
        auto code = begin();
        if (code == CKR_OK) code = look(learned);
        return code == CKR_OK ? end() : code;
    }

private:
    CK_RV read(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, Learned &learned) {
        for (const CK_ATTRIBUTE_TYPE type :
             {CKA_CLASS, CKA_LABEL, CKA_ID, CKA_VALUE, CKA_MODULUS, CKA_EXTRACTABLE, CKA_PUBLIC_KEY_INFO, CKA_CHECK_VALUE,
              CKA_SUBJECT, CKA_START_DATE, CKA_UNIQUE_ID, CKA_MHSMATTEST_POOL, CKA_MHSMATTEST_CERTIFICATE_ROLE}) {
            std::array<unsigned char, 8192> value{};
            CK_ATTRIBUTE asked{type, value.data(), value.size()};
            const auto code = module_->C_GetAttributeValue(session, object, &asked, 1);
            const bool nothing = code == CKR_ATTRIBUTE_TYPE_INVALID || code == CKR_ATTRIBUTE_SENSITIVE;
            if (code != CKR_OK && !nothing) return code;
            if (code == CKR_OK) learned.add(value.data(), asked.ulValueLen);
        }
        return CKR_OK;
    }

    const Module &module_;
    const std::string &reserved_;
};

// What a visit came to with an allocation failing. How a child ends; a signal is added to `killed`.
enum End { whole, refused, none_failed, less_than_whole, unknown_code, broken_afterwards, killed = 100 };

End visit_without(const Module &module, const std::string &reserved, unsigned long number, bool lasting,
                  const Learned &all) {
    static Learned learned, after;
    Visit visit(module, reserved);
    fault_arm(number, lasting);
    const auto begun = visit.begin();
    auto code = begun == CKR_OK ? visit.look(learned) : begun;
    const bool looked = code == CKR_OK;
    if (looked) code = visit.end();
    const bool failed = fault_happened() != 0;
    fault_arm(0, 0);
    if (!failed) return none_failed;
    if (code != CKR_OK && !known(code)) return unknown_code;
    if (looked && !(learned == all)) return less_than_whole;
    // With memory again the next session sees all, and so does the next start.
    if (begun == CKR_OK && !looked && (visit.look(after) != CKR_OK || !(after == all))) return broken_afterwards;
    if (begun == CKR_OK && code != CKR_OK && visit.end() != CKR_OK) return broken_afterwards;
    if (visit.run(after) != CKR_OK || !(after == all)) return broken_afterwards;
    return code == CKR_OK ? whole : refused;
}

// In a process of its own: what libcrypto keeps of a failure ends with it.
int child_without(const Module &module, const std::string &reserved, unsigned long number, bool lasting,
                  const Learned &all) {
    const auto child = ::fork();
    if (child == 0) ::_exit(visit_without(module, reserved, number, lasting, all));
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? killed + WTERMSIG(status) : WEXITSTATUS(status);
}

void sweep(const std::string &source, unsigned long stride, bool has_objects) {
    const Module module;
    const std::string reserved = "config=/dev/null cache-dir=none " + source;
    static Learned all;
    CHECK_EQ(Visit(module, reserved).run(all), CKR_OK);
    CHECK_EQ(all.size > 0, has_objects);
    unsigned long failures = 0, refusals = 0;
    for (const bool lasting : {false, true}) {
        for (unsigned long number = 1;; number += stride) {
            const Context context("allocation " + std::to_string(number) + (lasting ? " and all after it" : ""));
            const auto end = child_without(module, reserved, number, lasting, all);
            if (end == none_failed) break;
            if (end != whole) CHECK_EQ(end, static_cast<int>(refused));
            ++failures;
            if (end == refused) ++refusals;
        }
    }
    CHECK(failures > 100);
    CHECK(refusals > failures / 3);
}

}  // namespace

TEST(allocations_of_a_session) { sweep(real_source(), 23, true); }

TEST(what_does_not_verify_has_no_objects_without_memory) {
    const Folder folder;
    sweep(forged_source(folder, "jwk-other-n"), 41, false);
}

TEST(allocations_of_a_pool) {
    const FakePool pool;
    sweep(pool.settings(), 53, true);
}
