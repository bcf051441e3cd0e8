// The core without memory: every allocation of an appraisal fails in turn. It ends in std::bad_alloc or in the very
// report that it makes with memory.
#include <algorithm>
#include <functional>

#include "cmocka_cpp.h"
#include "core/report_json.h"
#include "failing_malloc.h"
#include "forge.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

// What a run came to: text if it ended, nothing if it ran out of memory.
using Run = std::function<std::string()>;

std::optional<std::string> without_allocation(const Run &run, unsigned long number, bool lasting) {
    fault_arm(number, lasting);
    std::optional<std::string> result;
    try {
        result = run();
    } catch (const std::bad_alloc &) {
        result.reset();
    }
    return result;
}

// Fails each allocation in turn, alone or with all that follow, and shows every result to `judge`.
unsigned long sweep(const Run &run, unsigned long first, unsigned long stride,
                    const std::function<void(const std::string &)> &judge) {
    unsigned long failures = 0;
    for (const bool lasting : {false, true}) {
        for (unsigned long number = first;; number += stride) {
            const auto result = without_allocation(run, number, lasting);
            const bool happened = fault_happened() != 0;
            fault_arm(0, 0);
            if (!happened) break;
            ++failures;
            const Context context("allocation " + std::to_string(number) + (lasting ? " and all after it" : ""));
            if (result) judge(*result);
            CHECK_EQ(ERR_peek_error(), 0UL);
        }
    }
    return failures;
}

struct Sample {
    const char *name;
    std::string json;
    std::function<Trust()> trust;
    Policy policy;
};

Trust forge_trust() {
    const auto anchors = forge::anchors();
    Trust trust;
    trust.embedded_hsm_roots = false;
    trust.hsm_roots = std::move(*parse_anchors(nullptr, as_bytes(anchors.hsm_root)));
    trust.owner_pins = {*parse_pin("sha256:" + anchors.pool_root_sha256)};
    return trust;
}

constexpr std::string_view verified_text = "{\"version\":1,\"verdict\":\"verified\"";

std::string checks_of(const Report &report) {
    std::string text;
    for (const auto &[id, outcome] : report.checks)
        text += id + " " + std::string(status_name(outcome.status)) + " " + std::string(reason_id(outcome.reason)) + " " + outcome.subject + " " + outcome.detail + "\n";
    return text;
}

// The report as JSON, with the bytes that JSON leaves out; of a refusal what is refused, and why.
std::string appraised(std::string_view json, const Trust &trust, const Policy &policy) {
    const auto report = verify_sample(json, trust, policy);
    if (verdict(report) != Verdict::verified) return checks_of(report);
    auto text = report_json(report, false);
    for (const auto &certificate : report.certificates) text += hex(certificate.der);
    return text + report_ear(report, sample_time, false);
}

void check_sample(const Sample &sample, unsigned long first, unsigned long stride) {
    const Context context(sample.name);
    const auto trust = sample.trust();
    const Run run = [&] { return appraised(sample.json, trust, sample.policy); };
    const auto whole = run();
    fault_arm(0, 0);
    CHECK_EQ(run(), whole);  // libcrypto has now set up what it keeps
    const auto allocations = fault_count();
    const bool verifies = whole.starts_with(verified_text);
    const auto failures = sweep(run, first, stride, [&](const std::string &text) {
        CHECK_EQ(text.starts_with(verified_text), verifies);
        const auto differs = std::ranges::mismatch(text, whole).in1 - text.begin();
        if (text != whole)
            FAIL_TEST("incomplete: ..." + text.substr(static_cast<std::size_t>(std::max(differs - 40L, 0L)), 120));
    });
    CHECK(failures + 2 >= 2 * (allocations / stride));
}

Policy non_exportable() { return *named_policy("non-exportable"); }

}  // namespace

TEST(every_allocation_of_real_evidence) {
    check_sample({"azure", restored_evidence(), sample_trust, non_exportable()}, 1, 1);
}

TEST(allocations_of_each_kind_of_key) {
    for (const auto *name : {"genuine-p-256-fw3-both-objects", "genuine-aes-256-fw2"})
        check_sample({name, forge::mint(name).evidence, forge_trust, {}}, 1, 3);
}

// What an attacker sends while memory is short.
TEST(forged_evidence_is_never_verified) {
    std::size_t checked = 0;
    for (const auto &minted : forge::mint_all()) {
        const bool usual = minted.options.time == forge::verification_time && minted.options.request.empty() &&
                           !minted.options.csr && !minted.options.certificate && !minted.options.public_key &&
                           minted.options.policy == "authentic" && minted.options.require.empty();
        if (minted.verifies || !usual) continue;
        const auto report = verify_sample(minted.evidence, forge_trust());
        if (verdict(report) == Verdict::verified) continue;  // forged only in the eyes of other options
        // Each case begins at another allocation, far from those of its neighbours, so that all together cover what
        // they have in common.
        constexpr unsigned long stride = 701;
        constexpr unsigned long leap = 433;
        check_sample({minted.name.c_str(), minted.evidence, forge_trust, {}}, 1 + checked * leap % stride, stride);
        ++checked;
    }
    CHECK(checked > 100);
}
