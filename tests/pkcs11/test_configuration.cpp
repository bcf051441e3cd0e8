// The configuration file, the application's string, the environment, and what is refused.
#include <cstdlib>

#include "module_fixture.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

constexpr const char *evidence = MHSM_SOURCE_DIR "/tests/vectors/azure/rsa-2048-fw2-names-restored.json";

CK_RV initialize_with(const Module &module, std::string reserved) {
    CK_C_INITIALIZE_ARGS args{};
    args.pReserved = reserved.data();
    return module->C_Initialize(&args);
}

CK_ULONG slot_count(const Module &module) {
    CK_ULONG number = 0;
    CHECK_EQ(module->C_GetSlotList(CK_TRUE, nullptr, &number), CKR_OK);
    return number;
}

std::string slot_description(const Module &module, CK_SLOT_ID slot) {
    CK_SLOT_INFO info;
    CHECK_EQ(module->C_GetSlotInfo(slot, &info), CKR_OK);
    return {reinterpret_cast<const char *>(info.slotDescription), sizeof info.slotDescription};
}

// Sets a variable of the environment for a while.
class Variable {
public:
    Variable(const char *name, const std::string &value) : name_(name) { ::setenv(name, value.c_str(), 1); }
    ~Variable() { ::unsetenv(name_); }
    Variable(const Variable &) = delete;
    Variable &operator=(const Variable &) = delete;

private:
    const char *name_;
};

std::string pin() { return "sha256:" + std::string(sample_pool_root); }

// What the log says after C_Initialize refused `reserved`.
std::string complaint(const std::string &reserved) {
    const Folder folder;
    const auto log = folder.path() + "/log";
    Module module;
    CHECK_EQ(module.initialize("log=" + log + " " + reserved), CKR_GENERAL_ERROR);
    return read_file(log);
}

}  // namespace

TEST(a_file_describes_tokens_in_the_order_of_their_names) {
    const Folder folder;
    const auto file = folder.write("test.conf", "# comment\nowner-pins = " + pin() +
                                                    "\nattime = 1767225600\n[second]\nsource = /nonexistent\n"
                                                    "[first]\nsource = " +
                                                    evidence + "\n");
    const Module module;
    CHECK_EQ(initialize_with(module, "config=" + file), CKR_OK);
    CHECK_EQ(slot_count(module), 2U);
    CHECK_CONTAINS(slot_description(module, 0), std::string(evidence).substr(0, 60));
    CHECK_CONTAINS(slot_description(module, 1), "/nonexistent   ");
    CHECK_EQ(OpenSession(module).find({}).size(), 7U);
}

TEST(the_environment_names_a_file) {
    const Folder folder;
    const auto file = folder.write("test.conf", std::string("[t]\nsource = ") + evidence + "\n");
    const Variable variable(MHSMATTEST_PKCS11_CONF_VARIABLE, file);
    const Module module;
    CHECK_EQ(module->C_Initialize(nullptr), CKR_OK);
    CHECK_EQ(slot_count(module), 1U);
    CHECK_EQ(OpenSession(module).find({}).size(), 0U);  // nothing is pinned
}

TEST(the_users_own_file_and_its_absence) {
    const Folder folder;
    const Variable variable("XDG_CONFIG_HOME", folder.path());
    {
        const Module module;
        CHECK_EQ(module->C_Initialize(nullptr), CKR_OK);
        CHECK_EQ(slot_count(module), 0U);
    }
    folder.write("mhsmattest-pkcs11.conf", std::string("[t]\nsource = ") + evidence + "\n");
    const Module module;
    CHECK_EQ(module->C_Initialize(nullptr), CKR_OK);
    CHECK_EQ(slot_count(module), 1U);
}

TEST(the_applications_string_goes_before_the_file) {
    const Folder folder;
    const auto file = folder.write("test.conf", std::string("owner-trust = pinned\n[t]\nsource = ") + evidence + "\n");
    const Module module;
    CHECK_EQ(initialize_with(module, "config='" + file + "'\towner-trust=\"any\"\n source=/nonexistent "), CKR_OK);
    CHECK_EQ(slot_count(module), 2U);
    CHECK_EQ(OpenSession(module).find({}).size(), 7U);
}

TEST(paths_with_blanks_are_quoted) {
    const Folder folder;
    const auto file = folder.write("a file.json", restored_evidence());
    Module module;
    module.start("owner-trust=any attime=1767225600 source='" + file + "'");
    CHECK_EQ(OpenSession(module).find({}).size(), 7U);
}

TEST(what_is_not_understood_is_refused_and_explained) {
    struct Row {
        const char *reserved, *said;
    };
    const Row rows[] = {
        {"owner-pin=sha256:00", "there is no setting owner-pin; see mhsmattest-pkcs11(7)"},
        {"owner-pins=sha256:00", "owner-pins = sha256:00: "},
        {"owner-trust=anybody", "expected authenticated, pinned or any"},
        {"policy=none", "no such policy"},
        {"hsm-roots=/nonexistent", "hsm-roots = /nonexistent: No such file or directory"},
        {"hsm-roots=roots.pem", "expected an absolute path"},
        {"no-default-hsm-roots=yes", "needs hsm-roots, or nothing is trusted"},
        {"no-default-hsm-roots=maybe", "expected yes or no"},
        {"auth=password", "auth = password: expected one of auto, token"},
        {"allow-hosts=proxy.example,a/b", "expected letters, digits"},
        {"connect-to=https://x", "expected letters, digits"},
        {"timeout=0", "expected 1 to 3600 seconds"},
        {"cache-max-age=-1", "expected 0 to"},
        {"attime=tomorrow", "seconds since 1970"},
        {"source=relative.json", "source = relative.json: expected an absolute path or mhsm://host"},
        {"source", "expected name=value instead of source"},
        {"=x", "expected name=value instead of =x"},
        {"source='/x", "source has no closing quote"},
        {"source='/x'y", "no space after the closing quote of source"},
    };
    for (const auto &[reserved, said] : rows) {
        const Context context(reserved);
        CHECK_CONTAINS(complaint(reserved), said);
    }
}

TEST(files_that_are_not_understood) {
    struct Row {
        const char *content, *said;
    };
    const Row rows[] = {
        {"[token\nsource = /x\n", "line 1 is not understood"},
        {"[token]\nsuorce = /x\n", "[token] has \"suorce\", but a token has only \"source\""},
        {"[token]\n", "[token] has no source"},
        {"owner-pin = x\n", "there is no setting owner-pin"},
    };
    for (const auto &[content, said] : rows) {
        const Context context(content);
        const Folder folder;
        CHECK_CONTAINS(complaint("config=" + folder.write("test.conf", content)), said);
    }
    CHECK_CONTAINS(complaint("config=/nonexistent.conf"), "/nonexistent.conf: No such file or directory");
}

TEST(a_refused_start_can_be_tried_again) {
    Module module;
    CHECK_EQ(module.initialize("nonsense=1"), CKR_GENERAL_ERROR);
    CK_ULONG number = 0;
    CHECK_EQ(module->C_GetSlotList(CK_TRUE, nullptr, &number), CKR_CRYPTOKI_NOT_INITIALIZED);
    module.start(real_source());
    CHECK_EQ(OpenSession(module).find({}).size(), 7U);
}

TEST(the_log_tells_why_there_are_no_objects) {
    const Folder folder;
    const auto log = folder.path() + "/log";
    folder.write("a-good.json", restored_evidence());
    folder.write("b-recorded.json", recorded_evidence());
    folder.write("c-nonsense.json", "{\x1b[31m");
    folder.write("d-large.json", std::string((std::size_t{1} << 20U) + 1, ' '));
    Module module;
    module.start("log=" + log + " attime=1767225600 owner-pins=" + pin() + " source=" + folder.path());
    CHECK_EQ(OpenSession(module).find({}).size(), 7U);
    const auto text = read_file(log);
    CHECK_CONTAINS(text, "a-good.json: verified: /keys/key1-");
    CHECK_CONTAINS(text, "b-recorded.json: no objects: bind.kid: ");
    CHECK_CONTAINS(text, "c-nonsense.json: no objects: evidence.json: ");
    CHECK_CONTAINS(text, "d-large.json: larger than 1 MiB");
    CHECK(text.find('\x1b') == std::string::npos);
}

TEST(nothing_but_regular_files_is_opened) {
    const Folder folder;
    CHECK_EQ(std::system(("mkfifo " + folder.path() + "/pipe.json").c_str()), 0);
    folder.write("good.json", restored_evidence());
    Module module;
    module.start("owner-trust=any attime=1767225600 source=" + folder.path() + " source=/dev/zero");
    CHECK_EQ(OpenSession(module, 0).find({}).size(), 7U);
    CHECK_EQ(OpenSession(module, 1).find({}).size(), 0U);
}

TEST(the_same_evidence_twice_is_shown_once) {
    const Folder folder;
    folder.write("a.json", restored_evidence());
    folder.write("b.json", restored_evidence());
    Module module;
    module.start("owner-trust=any attime=1767225600 source=" + folder.path());
    CHECK_EQ(OpenSession(module).find({}).size(), 7U);
}
