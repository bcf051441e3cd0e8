// Every piece of evidence that the forge mints: the genuine is verified, the forged fails where it should and why.
#include <algorithm>
#include <iostream>
#include <set>

#include "forge.h"
#include "forged_options.h"
#include "outcomes.h"
#include "samples.h"

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

// Every reason that evidence can give.
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

struct PromisedReasons {
    std::string check;
    std::vector<Reason> reasons;
};

// What each check can fail with while all before it pass. bind.pool and bind.request fail with kid_missing too, but
// then bind.kid does before them.
std::vector<PromisedReasons> promised_reasons() {
    using enum Reason;
    const std::vector<Reason> chain = {bad_signature, weak_digest, weak_issuer_key, not_a_ca, critical_extension};
    const std::vector<Reason> dates = {cert_not_yet_valid, cert_expired};
    const std::vector<Reason> given = {given_unreadable, given_differs, given_symmetric};
    const auto with = [](std::vector<Reason> some, std::initializer_list<Reason> more) {
        some.insert(some.end(), more);
        return some;
    };
    std::vector<PromisedReasons> all = {
        {"evidence.json",
         {json_empty, json_utf16, json_not_utf8, json_syntax, json_truncated, json_not_object, json_trailing_data,
          json_duplicate_member, json_too_large, json_too_deep}},
        {"evidence.version",
         {attestation_missing, attestation_ambiguous, version_missing, version_not_string, version_unsupported}},
        {"evidence.fields",
         {field_missing, field_not_string, field_line_breaks, field_bad_base64url, public_attestation_missing,
          public_attestation_unexpected}},
        {"certs.parse", {certs_none, certs_malformed, certs_too_many}},
        {"hw.chain", with(chain, {no_adapter, no_partition, wrong_depth})},
        {"hw.time", dates},
        {"owner.chain", with(chain, {no_pool_root, no_owner_partition, ambiguous_pool_root, leaf_is_ca})},
        {"owner.time", dates},
        {"owner.authenticated", {owner_unauthenticated, owner_not_pinned, owner_pool_changed}},
        {"partition.key", {partition_key_differs, partition_key_weak}},
        {"object.public", {object_key_invalid}},
        {"bind.pair", {pair_differs, pair_attribute_absent}},
        {"bind.jwk", {jwk_differs, jwk_missing_member, jwk_unexpected_member, jwk_bad_encoding}},
        {"bind.kid", {kid_missing, kid_malformed, kid_differs, key_id_malformed}},
        {"bind.pool", {pool_differs}},
        {"bind.request", {request_differs}},
        {"bind.csr", with(given, {given_bad_signature})},
        {"bind.cert", given},
        {"bind.pubkey", given}};
    for (const std::string member : {"private", "public"}) {
        all.push_back({"blob." + member,
                       {blob_truncated, blob_size_mismatch, blob_overlap, blob_trailing_data, blob_duplicate_attribute,
                        blob_unrecognised, blob_response_code}});
        all.push_back({"signature." + member, {signature_mismatch, signature_wrong_form}});
        all.push_back({"object." + member,
                       {object_class_wrong, object_ambiguous, object_type_wrong, object_size_wrong,
                        object_attribute_absent, object_attribute_malformed}});
    }
    for (const auto &demand : demand_help()) {
        PromisedReasons promised{"policy." + std::string(demand.name), {demand_false}};
        const bool stated_by_adapter = demand.name == "fips";
        const bool stated_by_object = demand.argument.empty() && demand.name != "owner-pinned" && !stated_by_adapter;
        if (stated_by_object || stated_by_adapter) promised.reasons.push_back(demand_absent);
        if (stated_by_object) promised.reasons.push_back(demand_malformed);
        all.push_back(std::move(promised));
    }
    return all;
}

// Whether nothing before `check` fails in the report of the case.
bool nothing_earlier_fails(const forge::Case &forged) {
    for (const auto &check : appraise(forged).checks) {
        if (check.id == forged.check) return true;
        if (check.outcome.status == Status::fail) return false;
    }
    return false;
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

TEST(every_reason_of_every_check_has_a_case_where_nothing_earlier_fails) {
    std::string missing;
    for (const auto &[check, reasons] : promised_reasons())
        for (const auto reason : reasons)
            if (std::ranges::none_of(cases(), [&, &promised = check](const forge::Case &forged) {
                    return !forged.verifies && forged.check == promised && forged.reason == reason_id(reason) &&
                           nothing_earlier_fails(forged);
                }))
                missing += " " + check + ":" + std::string(reason_id(reason));
    CHECK_EQ(missing, "");
}

// The table above is complete: no case fails with what it does not promise.
TEST(no_check_fails_with_an_unpromised_reason) {
    const auto promised = promised_reasons();
    for (const auto &forged : cases()) {
        if (forged.verifies || !nothing_earlier_fails(forged)) continue;
        const Context context(forged.name);
        CHECK(std::ranges::any_of(promised, [&](const PromisedReasons &entry) {
            return entry.check == forged.check &&
                   std::ranges::find(entry.reasons, forged.reason, reason_id) != entry.reasons.end();
        }));
    }
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
        const auto report = appraise(of_two_partitions(signer));
        if (verdict(report) != Verdict::verified) FAIL_TEST(summary(report));
    }
}

// Pool roots with keys on curves. Their signatures are different every time, so they are no cases of the forge.
TEST(a_pool_root_may_have_a_key_on_a_curve_that_is_strong_enough) {
    for (const std::string curve : {"p-256", "p-384", "p-521", "p-224"}) {
        const Context context(curve);
        forge::Scene scene(forge::default_seed, forge::key_kind("rsa-2048"), forge::Layout::firmware2);
        scene.pki.pool_root = forge::self_signed_pool_root(scene.pool, curve);
        scene.pki.owner_partition.signer = curve;
        scene.pki.owner_partition.extensions = {forge::basic_constraints(false), forge::authority_key_id(curve)};
        scene.pin_owner = false;
        scene.options.owner_trust = "any";
        forge::Case made;
        made.evidence = forge::render(scene);
        made.options = scene.options;
        const auto report = appraise(made);
        if (curve == "p-224")
            CHECK_FAILS(*report.find("owner.chain"), Reason::weak_issuer_key, scene.pool, "");
        else
            CHECK_EQ(verdict(report), Verdict::verified);
    }
}
