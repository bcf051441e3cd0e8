// Pools: fetched when they are first looked at, cached, and authenticated by TLS only if that was so.
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "cache_index.h"
#include "forge.h"
#include "module_fixture.h"
#include "samples.h"

using namespace mhsm;
using mhsm::pkcs11::CacheIndex;
using mhsm::pkcs11::read_index;
using mhsm::pkcs11::write_index;
using namespace mhsm::test;

namespace {

namespace fs = std::filesystem;

// A pool, and what the module keeps of it.
class Pool : public FakePool {
public:
    std::string settings() const { return FakePool::settings() + " cache-dir=" + cache() + " log=" + log(); }
    std::string cache() const { return folder.path() + "/cache"; }
    std::string log() const { return folder.path() + "/log"; }
    std::size_t runs() const {
        const auto path = folder.path() + "/runs.txt";
        return file_exists(path) ? static_cast<std::size_t>(std::ranges::count(read_file(path), '\n')) : 0;
    }
    // Private keys that one start of the module shows.
    std::size_t shown(const std::string &more = "") const {
        Module module;
        module.start(settings() + " " + more);
        return OpenSession(module).find({entry(CKA_CLASS, CKO_PRIVATE_KEY)}).size();
    }
    fs::path cached(const char *extension) const {
        for (const auto &file : fs::directory_iterator(cache()))
            if (file.path().extension() == extension) return file.path();
        FAIL_TEST("nothing cached");
    }

    // Makes the index older or younger.
    void shift_index(std::int64_t seconds) const {
        const auto file = cached(".index");
        auto index = *read_index(read_file(file));
        index.fetched += seconds;
        folder.write("cache/" + file.filename().string(), write_index(index));
    }
};

}  // namespace

TEST(a_pool_is_fetched_when_it_is_looked_at) {
    const Pool pool;
    Module module;
    module.start(pool.settings());
    CK_SLOT_INFO slot;
    CK_ULONG number = 0;
    CHECK_EQ(module->C_GetSlotList(CK_TRUE, nullptr, &number), CKR_OK);
    CHECK_EQ(module->C_GetSlotInfo(0, &slot), CKR_OK);
    CHECK_EQ(pool.runs(), 0U);
    const OpenSession session(module);
    CHECK_EQ(pool.runs(), 1U);
    const auto keys = session.find({entry(CKA_CLASS, CKO_PRIVATE_KEY)});
    CHECK_EQ(keys.size(), 2U);
    // Nothing is pinned: TLS vouches for the root of the pool.
    for (const auto key : keys) CHECK_EQ(session.text(key, CKA_MHSMATTEST_OWNER_TRUST), "tls");
    CK_TOKEN_INFO token;
    CHECK_EQ(module->C_GetTokenInfo(0, &token), CKR_OK);
    CHECK_EQ(std::string(reinterpret_cast<const char *>(token.label), forge::anchors().pool.size()),
             forge::anchors().pool);
    CHECK_EQ(pool.runs(), 1U);
}

TEST(the_second_start_needs_no_network) {
    const Pool pool;
    CHECK_EQ(pool.shown(), 2U);
    pool.folder.write("down", "");
    CHECK_EQ(pool.shown(), 2U);
    CHECK_EQ(pool.runs(), 1U);
    struct stat status {};
    CHECK_EQ(::stat(pool.cache().c_str(), &status), 0);
    CHECK_EQ(status.st_mode & mode_t{07777}, mode_t{0700});
    CHECK_EQ(::stat(pool.cached(".index").c_str(), &status), 0);
    CHECK_EQ(status.st_mode & mode_t{07777}, mode_t{0600});
}

TEST(cached_evidence_is_verified_again) {
    const Pool pool;
    CHECK_EQ(pool.shown(), 2U);
    CHECK_EQ(pool.shown("policy=cabf-code-signing"), 1U);  // not RSA-2048
    CHECK_EQ(pool.shown("owner-trust=pinned"), 0U);
    CHECK_EQ(pool.runs(), 1U);
}

TEST(an_old_cache_is_fetched_again) {
    const Pool pool;
    CHECK_EQ(pool.shown(), 2U);
    pool.shift_index(-3601);
    CHECK_EQ(pool.shown("cache-max-age=7200"), 2U);
    CHECK_EQ(pool.runs(), 1U);
    CHECK_EQ(pool.shown(), 2U);
    CHECK_EQ(pool.runs(), 2U);
    // One that claims to be from the future is worth nothing.
    pool.shift_index(1000000);
    CHECK_EQ(pool.shown(), 2U);
    CHECK_EQ(pool.runs(), 3U);
}

TEST(changed_cache_files_are_not_used) {
    const Pool pool;
    CHECK_EQ(pool.shown(), 2U);
    const auto file = pool.cached(".json").filename().string();
    pool.folder.write("cache/" + file, forge::mint("genuine-p-384-fw2").evidence);
    CHECK_EQ(pool.shown(), 2U);
    CHECK_EQ(pool.runs(), 2U);
    CHECK_CONTAINS(read_file(pool.log()), "is not what was fetched");
    pool.folder.write("cache/" + pool.cached(".index").filename().string(), "something else\n");
    CHECK_EQ(pool.shown(), 2U);
    CHECK_EQ(pool.runs(), 3U);
}

TEST(a_folder_that_others_may_enter_is_no_cache) {
    const Pool pool;
    fs::create_directory(pool.cache());
    for (const auto mode : {0755, 0770, 0701}) {
        CHECK_EQ(::chmod(pool.cache().c_str(), static_cast<mode_t>(mode)), 0);
        CHECK_EQ(pool.shown(), 2U);
        CHECK(fs::is_empty(pool.cache()));
    }
    CHECK_EQ(pool.runs(), 3U);
    CHECK_CONTAINS(read_file(pool.log()), "not used as a cache: it must belong to the user, with mode 0700");
    // Made private first, opened to others later.
    CHECK_EQ(::chmod(pool.cache().c_str(), 0700), 0);
    CHECK_EQ(pool.shown(), 2U);
    CHECK_EQ(::chmod(pool.cache().c_str(), 0755), 0);
    CHECK_EQ(pool.shown(), 2U);
    CHECK_EQ(pool.runs(), 5U);
}

TEST(a_link_is_no_cache) {
    const Pool pool;
    fs::create_directory(pool.folder.path() + "/elsewhere");
    CHECK_EQ(::chmod((pool.folder.path() + "/elsewhere").c_str(), 0700), 0);
    fs::create_directory_symlink(pool.folder.path() + "/elsewhere", pool.cache());
    CHECK_EQ(pool.shown(), 2U);
    CHECK(fs::is_empty(pool.folder.path() + "/elsewhere"));
}

TEST(tls_vouches_only_for_what_came_over_it) {
    Pool pool;
    pool.lines.clear();
    pool.add("rsa.json", forge::mint("genuine-rsa-2048-fw2").evidence, "-");
    pool.add("ec.json", forge::mint("genuine-p-256-fw2").evidence, "otherpool");
    CHECK_EQ(pool.shown(), 0U);
    CHECK_EQ(pool.shown(), 0U);  // nor from the cache
    CHECK_EQ(pool.runs(), 1U);
    CHECK_EQ(pool.shown("owner-pins=sha256:" + forge::anchors().pool_root_sha256), 2U);
}

TEST(an_answer_about_another_key_shows_nothing) {
    Pool pool;
    pool.lines = "ec.json " + forge::anchors().pool + " " + FakePool::url_of(forge::mint("genuine-rsa-2048-fw2").evidence) + "\n";
    pool.folder.write("pool.txt", pool.lines);
    CHECK_EQ(pool.shown(), 0U);
    CHECK_CONTAINS(read_file(pool.log()), "no objects: bind.request: ");
}

TEST(keys_that_cannot_be_fetched_are_told_and_remembered) {
    const Pool pool;
    pool.folder.write("pool.txt", pool.lines + "- - " + FakePool::url_of(forge::mint("genuine-p-384-fw2").evidence) + "\n");
    for (int start = 0; start < 2; ++start) {
        Module module;
        module.start(pool.settings());
        CK_TOKEN_INFO token;
        CHECK_EQ(module->C_GetTokenInfo(0, &token), CKR_OK);
        CHECK((token.flags & CKF_ERROR_STATE) != 0);
        CHECK_EQ(OpenSession(module).find({entry(CKA_CLASS, CKO_PRIVATE_KEY)}).size(), 2U);
    }
    CHECK_EQ(pool.runs(), 1U);
    CHECK_CONTAINS(read_file(pool.log()), "a key that may not be read");
}

TEST(a_pool_that_is_down_shows_nothing_and_says_so) {
    const Pool pool;
    pool.folder.write("down", "");
    CHECK_EQ(pool.shown(), 0U);
    CHECK_EQ(pool.shown("fetch-library=/nonexistent.so"), 0U);
    CHECK_CONTAINS(read_file(pool.log()), "the service is not reachable");
    CHECK_CONTAINS(read_file(pool.log()), "/nonexistent.so");
    CHECK(!fs::exists(pool.cache()));
}

TEST(files_of_keys_that_are_gone_are_removed) {
    const Pool pool;
    CHECK_EQ(pool.shown(), 2U);
    pool.folder.write("pool.txt", pool.lines.substr(0, pool.lines.find('\n') + 1));
    pool.shift_index(-3601);
    CHECK_EQ(pool.shown(), 1U);
    CHECK_EQ(std::distance(fs::directory_iterator(pool.cache()), fs::directory_iterator{}), 2);
}

TEST(several_pools_are_fetched_together) {
    const Pool pool;
    Module module;
    module.start(pool.settings() +
                 " source=mhsm://second.managedhsm.azure.net source=mhsm://third.managedhsm.azure.net");
    CK_TOKEN_INFO token;
    CHECK_EQ(module->C_GetTokenInfo(1, &token), CKR_OK);
    CHECK_EQ(pool.runs(), 3U);
    for (CK_SLOT_ID slot = 0; slot < 3; ++slot) CHECK_EQ(module->C_GetTokenInfo(slot, &token), CKR_OK);
    CHECK_EQ(pool.runs(), 3U);
}

TEST(no_thread_is_made_where_none_may_be) {
    const Pool pool;
    const Module module;
    auto text = "config=/dev/null " + pool.settings() + " source=mhsm://second.managedhsm.azure.net";
    CK_C_INITIALIZE_ARGS args{};
    args.flags = CKF_LIBRARY_CANT_CREATE_OS_THREADS | CKF_OS_LOCKING_OK;
    args.pReserved = text.data();
    CHECK_EQ(module->C_Initialize(&args), CKR_OK);
    CHECK_EQ(OpenSession(module).find({entry(CKA_CLASS, CKO_PRIVATE_KEY)}).size(), 2U);
    CHECK_EQ(pool.runs(), 1U);
}

TEST(an_index_is_read_exactly) {
    const CacheIndex index{"mhsm://pool", 17, {{"ab", "pool", "https://x/keys/a"}, {"", "", "https://x/keys/b"}}};
    const auto text = write_index(index);
    const auto again = read_index(text);
    CHECK(again.has_value());
    CHECK_EQ(write_index(*again), text);
    for (std::size_t size = 0; size < text.size(); ++size) {
        const auto part = read_index(text.substr(0, size));
        if (part) CHECK(part->entries.size() < 2);  // only whole lines count
    }
    for (const auto *wrong :
         {"", "x\n", "mhsmattest-pkcs11 cache 2\nmhsm://pool\n1\n", "mhsmattest-pkcs11 cache 1\np\n1x\n",
          "mhsmattest-pkcs11 cache 1\np\n1\nab pool\n", "mhsmattest-pkcs11 cache 1\np\n1\nab  url\n"})
        CHECK(!read_index(wrong));
}
