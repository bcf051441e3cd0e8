// Every piece of evidence that the forge mints: the genuine is verified, the forged fails where it should and why.
#include <algorithm>
#include <iostream>
#include <set>

#include "forge.h"
#include "forged_options.h"
#include "outcomes.h"
#include "samples.h"
#include "scene.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

Report appraise(const forge::Case &forged) {
    return verify_sample(forged.evidence, trust_of(forged.options), policy_of(forged.options),
                         expectations_of(forged.options), forged.options.time);
}

// What is wrong with the report of a case, or "".
std::string complaint(const forge::Case &forged, const Report &report) {
    if ((verdict(report) == Verdict::verified) != forged.verifies)
        return forged.verifies ? "is not verified" : "is verified";
    const auto *judged = report.find(forged.check);
    if (!forged.check.empty()) {
        if (judged == nullptr) return "has no check " + forged.check;
        if (judged->status != (forged.verifies ? Status::skip : Status::fail))
            return forged.check + " has another status";
        if (reason_id(judged->reason) != forged.reason) return forged.check + " has another reason";
    }
    for (const auto &check : report.checks) {
        const bool expected = check.id == forged.check || std::ranges::find(forged.also, check.id) != forged.also.end();
        if (check.outcome.status == Status::fail && !expected) return check.id + " fails too";
        if (forged.verifies && check.outcome.status == Status::skip && !check.outcome.allowed)
            return check.id + " is skipped";
    }
    return {};
}

const std::vector<forge::Case> &cases() {
    static const auto all = forge::mint_all();
    return all;
}

// Reasons that no evidence can cause: they are about the caller's own files and options, or name a state that
// is not a failure of evidence. Each has its tests elsewhere.
const std::set<Reason> reasons_without_evidence = {Reason::none,
                                                   Reason::earlier_check_failed,
                                                   Reason::anchor_unreadable,
                                                   Reason::pin_malformed,
                                                   Reason::known_pools_malformed,
                                                   Reason::policy_unknown,
                                                   Reason::policy_malformed,
                                                   Reason::demand_unknown,
                                                   Reason::not_verified,
                                                   Reason::internal};

// The reasons of each check, as checks.md promises them.
std::set<std::string_view> all_reasons() {
    std::set<std::string_view> ids;
    for (const auto reason : {
#define REASON(symbol, id, text, remedy) Reason::symbol,
#include "core/reasons.def"
#undef REASON
         })
        if (!reasons_without_evidence.contains(reason)) ids.insert(reason_id(reason));
    return ids;
}

}  // namespace

TEST(every_case_comes_out_as_it_should) {
    std::size_t wrong = 0;
    for (const auto &forged : cases()) {
        const auto report = appraise(forged);
        const auto text = complaint(forged, report);
        if (text.empty()) continue;
        ++wrong;
        std::cerr << forged.name << " (" << forged.description << "): " << text << "\n  expected " << forged.check
                  << ' ' << forged.reason << ", got:" << summary(report) << '\n';
    }
    if (wrong != 0) FAIL_TEST(std::to_string(wrong) + " of " + std::to_string(cases().size()) + " cases");
}

TEST(the_table_holds_both_kinds) {
    const auto genuine = std::ranges::count_if(cases(), &forge::Case::verifies);
    CHECK(genuine >= 10);
    CHECK(cases().size() - static_cast<std::size_t>(genuine) >= 100);
}

TEST(every_reason_of_the_interface_has_a_case) {
    std::set<std::string_view> covered;
    for (const auto &forged : cases()) covered.insert(forged.reason);
    std::string missing;
    for (const auto id : all_reasons())
        if (!covered.contains(id)) missing += " " + std::string(id);
    CHECK_EQ(missing, "");
}

TEST(every_mandatory_check_fails_in_some_case) {
    std::set<std::string_view> failing;
    for (const auto &forged : cases())
        if (!forged.verifies) failing.insert(forged.check);
    for (const auto id : mandatory_checks()) {
        const Context context{std::string(id)};
        CHECK(failing.contains(id));
    }
    for (const auto *id : {"bind.csr", "bind.cert", "bind.pubkey"}) CHECK(failing.contains(id));
}

// The same evidence under the same roots, but from another PKI: nothing carries over from one seed to another.
TEST(evidence_of_another_seed_is_not_pinned) {
    auto genuine = *std::ranges::find_if(cases(), &forge::Case::verifies);
    CHECK_EQ(verdict(appraise(genuine)), Verdict::verified);
    genuine.evidence = forge::mint(genuine.name, forge::default_seed + 1).evidence;
    const auto report = appraise(genuine);
    CHECK_EQ(report.find("owner.authenticated")->reason, Reason::owner_not_pinned);
    CHECK_EQ(verdict(report), Verdict::not_verified);
}

// A bundle may vouch for two partitions; the one whose key signed is judged, wherever it stands.
TEST(of_two_genuine_partitions_the_signer_is_judged) {
    for (const auto *signer : {"partition", "partition-2"}) {
        const Context context(signer);
        forge::Scene scene(forge::default_seed, forge::key_kind("rsa-2048"), forge::Layout::firmware2);
        auto other = scene.pki.partition;
        auto owner_of_other = scene.pki.owner_partition;
        other.key = owner_of_other.key = "partition-2";
        owner_of_other.extensions = {forge::basic_constraints(false)};
        scene.more = {other, owner_of_other};
        scene.private_blob.signer = scene.public_blob.signer = signer;
        forge::Case genuine;
        genuine.evidence = forge::render(scene);
        genuine.options = scene.options;
        const auto report = appraise(genuine);
        if (verdict(report) != Verdict::verified) FAIL_TEST(summary(report));
    }
}
