// Every piece of evidence that the forge mints: what must not verify gives no object, through any configuration.
#include <iostream>

#include "forge.h"
#include "module_fixture.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

const std::vector<forge::Case> &cases() {
    static const auto all = forge::mint_all();
    return all;
}

// What the module cannot be told: a request, a certificate or a key to compare with, and to ignore dates. Without
// these the evidence of such a case is genuine.
bool can_be_told(const forge::Case &forged) {
    const auto &options = forged.options;
    return options.request.empty() && !options.csr && !options.certificate && !options.public_key && options.time &&
           options.tls_pool.empty();
}

std::string policy_file(const Folder &folder, const forge::Options &options) {
    std::string list;
    for (std::size_t start = 0; start < options.require.size();) {
        const auto end = std::min(options.require.find(',', start), options.require.size());
        list += (list.empty() ? "\"" : ", \"") + options.require.substr(start, end - start) + "\"";
        start = end + 1;
    }
    return folder.write("policy.json", R"({"version": 1, "name": "test", "base": ")" + options.policy +
                                           R"(", "require": [)" + list + "]}");
}

std::string settings_of(const Folder &folder, const forge::Case &forged) {
    const auto &options = forged.options;
    std::string text = "no-default-hsm-roots=yes hsm-roots=" + folder.write("hsm-root.pem", options.hsm_root) +
                       " owner-trust=" + options.owner_trust + " attime=" + std::to_string(*options.time) +
                       " policy=" + (options.require.empty() ? options.policy : policy_file(folder, options));
    std::string pins;
    for (const auto &pin : options.owner_pins) pins += (pins.empty() ? "sha256:" : ",sha256:") + pin;
    if (!pins.empty()) text += " owner-pins=" + pins;
    std::string pools;
    for (const auto &[pool, root] : options.known_pools)
        pools.append(pool).append(" sha256:").append(root).append("\n");
    if (!pools.empty()) text += " known-pools=" + folder.write("known-pools", pools);
    return text + " source=" + folder.write("evidence.json", forged.evidence);
}

struct Shown {
    std::size_t objects = 0;
    bool flawed = false;
};

Shown show_objects(const forge::Case &forged) {
    const Folder folder;
    Module module;
    module.start(settings_of(folder, forged));
    const OpenSession session(module);
    CK_TOKEN_INFO info;
    CHECK_EQ(module->C_GetTokenInfo(0, &info), CKR_OK);
    return {session.find({}).size(), (info.flags & CKF_ERROR_STATE) != 0};
}

}  // namespace

TEST(forged_evidence_never_shows) {
    std::size_t forged_cases = 0;
    std::size_t genuine_cases = 0;
    for (const auto &forged : cases()) {
        if (!can_be_told(forged)) continue;
        const Context context(forged.name);
        const auto shown = show_objects(forged);
        CHECK_EQ(shown.flawed, !forged.verifies);
        if (forged.verifies)
            CHECK(shown.objects >= 6);  // a secret key and two chains at the least
        else
            CHECK_EQ(shown.objects, 0U);
        ++(forged.verifies ? genuine_cases : forged_cases);
    }
    CHECK(forged_cases > 550);
    CHECK(genuine_cases > 130);
}

TEST(in_one_folder_only_the_genuine_shows) {
    const Folder folder;
    std::size_t names = 0;
    for (const auto &forged : cases()) {
        // Those that fail whatever is configured, and one that is good.
        const bool hopeless = !forged.verifies && forged.check.starts_with("signature.");
        if (!hopeless && forged.name != "genuine-p-256-fw2") continue;
        folder.write("evidence-" + std::to_string(++names) + ".json", forged.evidence);
    }
    CHECK(names > 10);
    folder.write("notes.txt", "no evidence");
    Module module;
    module.start(forged_settings(folder) + " source=" + folder.path());
    const OpenSession session(module);
    CHECK_EQ(session.find({entry(CKA_CLASS, CKO_PRIVATE_KEY)}).size(), 1U);
    CHECK_EQ(session.find({}).size(), 7U);
}

TEST(a_root_that_nothing_vouches_for_shows_only_if_that_is_wanted) {
    const Folder folder;
    const auto anchors = forge::anchors();
    const auto settings = "attime=" + std::to_string(forge::verification_time) +
                          " hsm-roots=" + folder.write("hsm-root.pem", anchors.hsm_root) +
                          " source=" + folder.write("evidence.json", forge::mint("genuine-p-256-fw2").evidence);
    {
        Module module;
        module.start(settings);
        CHECK_EQ(OpenSession(module).find({}).size(), 0U);
    }
    Module module;
    module.start(settings + " owner-trust=any");
    const OpenSession session(module);
    const auto key = session.only({entry(CKA_CLASS, CKO_PRIVATE_KEY)});
    CHECK_EQ(session.text(key, CKA_MHSMATTEST_OWNER_TRUST), "unauthenticated");
}
