// Loading, unloading, two contexts at once, two threads at once, and configurations that must not load.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "cmocka_cpp.h"
#include "forge.h"
#include "mhsmattest.h"
#include "provider_fixture.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

// Loads per thread: what the release demands, unless an instrumented build asks for fewer.
int rounds() {
    const char *given = std::getenv("MHSM_LOAD_ROUNDS");
    return given != nullptr ? std::atoi(given) : 10000;
}

struct Source {
    const Application &application;
    std::string uri, evidence, key_id;
};

// Loads by URI and by decoder in turn; the number of loads that did not give the right key.
int load_often(const Source &source, int count) {
    int wrong = 0;
    for (int i = 0; i < count; ++i) {
        const auto key = i % 2 == 0 ? source.application.load_uri(source.uri)
                                    : source.application.decode(source.evidence);
        const bool right = key && int_param(key.get(), MHSMATTEST_PARAM_ATTESTED) == 1 &&
                           text_param(key.get(), MHSMATTEST_PARAM_KEY_ID) == source.key_id;
        if (!right) ++wrong;
    }
    return wrong;
}

void load_together(const Source &first, const Source &second, int count) {
    std::atomic<int> wrong = 0;
    std::thread one([&] { wrong += load_often(first, count); });
    std::thread two([&] { wrong += load_often(second, count); });
    one.join();
    two.join();
    CHECK_EQ(wrong.load(), 0);
}

Source source_of(const Application &application, const Folder &folder, const std::string &name,
                 const std::string &evidence) {
    const auto uri = "mhsm://" + folder.write(name, evidence);
    const auto key = application.load_uri(uri);
    CHECK(key);
    return {application, uri, evidence, text_param(key.get(), MHSMATTEST_PARAM_KEY_ID)};
}

TEST(two_threads_load_the_same_evidence) {
    const Folder folder;
    const Application application(real_parameters());
    const auto source = source_of(application, folder, "a.json", restored_evidence());
    load_together(source, source, rounds());
}

TEST(two_threads_load_different_evidence) {
    const Folder folder;
    const Application application(forged_parameters(folder));
    const auto first = source_of(application, folder, "a.json", forge::mint("genuine-rsa-2048-fw2").evidence);
    const auto second = source_of(application, folder, "b.json", forge::mint("genuine-p-256-fw3").evidence);
    CHECK(first.key_id != second.key_id);
    load_together(first, second, rounds());
}

TEST(two_contexts_with_settings_of_their_own) {
    const Folder folder;
    const Application real(real_parameters());
    const Application forged(forged_parameters(folder));
    const auto first = source_of(real, folder, "a.json", restored_evidence());
    const auto second = source_of(forged, folder, "b.json", forge::mint("genuine-rsa-2048-fw2").evidence);
    CHECK(!forged.load_uri(first.uri));
    CHECK(!real.load_uri(second.uri));
    static_cast<void>(drain_errors());
    load_together(first, second, rounds() / 10);
}

TEST(unload_and_reload) {
    const Folder folder;
    for (int i = 0; i < 20; ++i) {
        const Application application(real_parameters());
        CHECK(application.loaded());
        CHECK(application.decode(restored_evidence()));
    }
    // The other order: the application lets go of the provider before it lets go of the key.
    const Application application("");
    OSSL_PROVIDER *provider = OSSL_PROVIDER_load(application.context(), "mhsmattest");
    CHECK(provider != nullptr);
    CHECK_EQ(OSSL_PROVIDER_unload(provider), 1);
}

TEST(a_key_outlives_the_application_s_hold_on_the_provider) {
    const auto modules = std::filesystem::path(MHSM_MODULE).parent_path().string();
    OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();
    CHECK_EQ(OSSL_PROVIDER_set_default_search_path(context, modules.c_str()), 1);
    OSSL_PROVIDER *standard = OSSL_PROVIDER_load(context, "default");
    OSSL_PROVIDER *ours = OSSL_PROVIDER_load(context, "mhsmattest");
    CHECK(standard != nullptr && ours != nullptr);
    {
        const auto key = from_data(
            context, {.evidence = restored_evidence(), .owner_pin = "sha256:" + std::string(sample_pool_root)});
        CHECK(key);
        CHECK_EQ(OSSL_PROVIDER_unload(ours), 1);
        CHECK_EQ(OSSL_PROVIDER_unload(standard), 1);
        CHECK_EQ(int_param(key.get(), MHSMATTEST_PARAM_ATTESTED), 1);
    }
    OSSL_LIB_CTX_free(context);
    CHECK_EQ(drain_errors().size(), 0);
}

TEST(a_forked_child_uses_the_provider_and_the_parent_s_keys) {
    const Folder folder;
    const Application application(real_parameters());
    const auto uri = "mhsm://" + folder.write("a.json", restored_evidence());
    const auto key = application.load_uri(uri);
    CHECK(key);
    const auto child = ::fork();
    CHECK(child >= 0);
    if (child == 0) {
        const auto own = application.load_uri(uri);
        const bool good = own && int_param(own.get(), MHSMATTEST_PARAM_ATTESTED) == 1 &&
                          int_param(key.get(), MHSMATTEST_PARAM_ATTESTED) == 1 && EVP_PKEY_eq(own.get(), key.get()) == 1;
        ::_exit(good ? 0 : 1);
    }
    int status = -1;
    CHECK_EQ(::waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK_EQ(int_param(key.get(), MHSMATTEST_PARAM_NEVER_EXTRACTABLE), 1);
}

// A provider whose settings cannot be understood must not be there at all.
TEST(bad_module_parameters_keep_it_from_loading) {
    const Folder folder;
    const auto text = folder.write("text", "nonsense\n");
    const auto nested = folder.write("nested.cnf", "openssl_conf = i\n[i]\nproviders = p\n[p]\nmhsmattest = m\n[m]\nmodule = " MHSM_MODULE
                                                   "\ncrypto-config = " +
                                                       text + "\nactivate = 1\n");
    struct Row {
        std::string parameters, words;
    };
    const Row rows[] = {
        {"policy = none\n", "module parameter policy = none"},
        {"policy = /nowhere/policy.json\n", "No such file"},
        {"policy = " + text + "\n", "policy is malformed"},
        {"owner-trust = some\n", "expected authenticated, pinned or any"},
        {"owner-pins = sha256:12\n", "not a fingerprint"},
        {"owner-pins = sha256:" + std::string(sample_pool_root) + ",\n", "not a fingerprint"},
        {"known-pools = pools\n", "expected an absolute path"},
        {"known-pools = " + text + "\n", "the known-pools file is malformed"},
        {"hsm-roots = " + text + "\n", "not a certificate"},
        {"hsm-roots = /nowhere\n", "No such file"},
        {"no-default-hsm-roots = maybe\n", "expected yes or no"},
        {"no-default-hsm-roots = yes\n", "needs hsm-roots"},
        {"fetch-library = libfetch.so\n", "expected an absolute path"},
        {"timeout = 0\n", "expected 1 to 3600"},
        {"timeout = 5s\n", "expected 1 to 3600"},
        {"crypto-config = /nowhere\n", "No such file"},
        {"crypto-config = " + nested + "\n", "module parameter crypto-config"},
    };
    for (const auto &row : rows) {
        const Context where(row.parameters);
        const Application application(row.parameters);
        CHECK(!application.loaded());
        const auto errors = drain_errors();
        std::string all;
        for (const auto &error : errors) all += error + "\n";
        CHECK_CONTAINS(all, row.words);
    }
}

TEST(good_module_parameters) {
    const Folder folder;
    const auto pools = folder.write("pools", std::string(sample_pool) + " sha256:" + std::string(sample_pool_root) + "\n");
    const auto policy = folder.write("policy.json", R"({"version":1,"name":"big","require":["min-bits=3072"]})");
    const auto crypto = folder.write("crypto.cnf", "openssl_conf = i\n[i]\nproviders = p\n[p]\ndefault = d\n[d]\nactivate = 1\n");
    const Application known("known-pools = " + pools + "\nowner-trust = pinned\ntimeout = 5\nfetch-library = /nowhere\n");
    CHECK(known.decode(restored_evidence()));
    const Application internal(real_parameters() + "crypto-config = " + crypto + "\n");
    CHECK(internal.decode(restored_evidence()));
    CHECK_EQ(drain_errors().size(), 0);
    const Application demanding(real_parameters() + "policy = " + policy + "\n");
    CHECK(demanding.loaded());
    CHECK(!demanding.decode(restored_evidence()));
    CHECK_CONTAINS(drain_errors().front(), "policy.min-bits");
    const Application strangers(forged_parameters(folder) + "no-default-hsm-roots = yes\n");
    CHECK(!strangers.decode(restored_evidence()));
    CHECK_CONTAINS(drain_errors().front(), "hw.chain");
}

}  // namespace
