// A Verifier that remembers says what verify() says, to the byte, whatever came before.
#include <algorithm>
#include <random>
#include <thread>

#include "core/report_json.h"
#include "forged_options.h"
#include "outcomes.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

const std::vector<forge::Case> &cases() {
    static const auto all = forge::mint_all();
    return all;
}

// Everything that a report holds, with what its JSON leaves out.
std::string everything(const Report &report) {
    auto text = report_json(report, false) + report_ear(report, 0, false);
    for (const auto &certificate : report.certificates) text += certificate.role + hex(certificate.der);
    if (report.key) text += hex(report.key->public_key.der());
    return text;
}

std::string fresh(const forge::Case &forged, const Trust &trust, VerificationTime time) {
    return everything(verify(nullptr, as_bytes(forged.evidence), trust, policy_of(forged.options),
                             expectations_of(forged.options), time));
}

std::string remembered(Verifier &verifier, const forge::Case &forged, VerificationTime time) {
    return everything(
        verifier.verify(as_bytes(forged.evidence), policy_of(forged.options), expectations_of(forged.options), time));
}

// Cases that one verifier can judge: those under the trust of the first.
bool same_trust(const forge::Options &a, const forge::Options &b) {
    return a.owner_trust == b.owner_trust && a.owner_pins == b.owner_pins && a.known_pools == b.known_pools &&
           a.tls_pool == b.tls_pool && a.hsm_root == b.hsm_root;
}

std::vector<std::vector<const forge::Case *>> by_trust() {
    std::vector<std::vector<const forge::Case *>> groups;
    for (const auto &forged : cases()) {
        const auto group = std::ranges::find_if(
            groups, [&](const auto &known) { return same_trust(known.front()->options, forged.options); });
        if (group != groups.end())
            group->push_back(&forged);
        else
            groups.push_back({&forged});
    }
    return groups;
}

void check_orders(std::size_t capacity, unsigned seed) {
    std::mt19937 random(seed);
    for (auto &group : by_trust()) {
        const auto trust = trust_of(group.front()->options);
        Verifier verifier(nullptr, trust, capacity);
        std::vector<const forge::Case *> order(group);
        order.insert(order.end(), group.begin(), group.end());  // each meets what it left behind
        std::ranges::shuffle(order, random);
        for (const auto *forged : order) {
            const Context context(forged->name);
            const auto time = forged->options.time;
            CHECK(remembered(verifier, *forged, time) == fresh(*forged, trust, time));
        }
    }
}

}  // namespace

TEST(reports_do_not_depend_on_what_came_before) { check_orders(Verifier::usual_bundles, 1); }
TEST(nor_on_what_was_forgotten) { check_orders(1, 2); }

// Certificates that could not even be decoded are not known the next time.
TEST(nor_is_anything_remembered_that_was_not_made) {
    for (const auto &group : by_trust()) {
        const auto trust = trust_of(group.front()->options);
        Verifier verifier(nullptr, trust);
        for (const auto *forged : group) {
            const Context context(forged->name);
            const auto expected = fresh(*forged, trust, std::nullopt);
            for (int i = 0; i < 2; ++i) CHECK(remembered(verifier, *forged, std::nullopt) == expected);
        }
    }
}

TEST(time_is_judged_anew) {
    const auto &forged = *std::ranges::find(cases(), true, &forge::Case::verifies);
    const auto trust = trust_of(forged.options);
    Verifier verifier(nullptr, trust);
    constexpr std::int64_t year = 365 * forge::one_day;
    const auto partition_end = forge::chains_begin + 10 * year;
    std::vector<VerificationTime> times{std::nullopt, 0, -1, 1LL << 40, -(1LL << 40)};
    for (const auto moment : {forge::chains_begin, forge::pools_begin, partition_end, forge::chains_begin + 20 * year,
                              forge::pools_begin + 25 * year, sample_time})
        for (const auto step : {-1, 0, 1}) times.emplace_back(moment + step);
    std::mt19937 random(3);
    for (int round = 0; round < 4; ++round) {
        std::ranges::shuffle(times, random);
        for (const auto time : times) CHECK(remembered(verifier, forged, time) == fresh(forged, trust, time));
    }
}

// Which of two partitions signed depends on the evidence, so that bundle must not decide for another one.
TEST(a_bundle_of_two_partitions_is_not_remembered) {
    std::vector<forge::Case> both;
    for (const auto *signer : {"partition", "partition-2"}) both.push_back(of_two_partitions(signer));
    const auto trust = trust_of(both[0].options);
    Verifier verifier(nullptr, trust);
    for (const auto index : {0U, 1U, 0U, 1U}) {
        const auto report = verifier.verify(as_bytes(both[index].evidence), {}, {}, sample_time);
        if (verdict(report) != Verdict::verified) FAIL_TEST(summary(report));
        CHECK(everything(report) == fresh(both[index], trust, sample_time));
    }
}

TEST(threads_share_a_verifier) {
    const auto groups = by_trust();
    const auto &group = *std::ranges::max_element(groups, {}, &std::vector<const forge::Case *>::size);
    const auto trust = trust_of(group.front()->options);
    std::vector<std::string> expected;
    for (const auto *forged : group) expected.push_back(fresh(*forged, trust, forged->options.time));
    Verifier verifier(nullptr, trust, 3);
    std::vector<std::size_t> wrong(4);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < wrong.size(); ++t)
        threads.emplace_back([&, t] {
            for (std::size_t i = 0; i < group.size(); ++i) {
                const auto at = (i + t * group.size() / wrong.size()) % group.size();
                wrong[t] += remembered(verifier, *group[at], group[at]->options.time) != expected[at] ? 1U : 0U;
            }
        });
    for (auto &thread : threads) thread.join();
    for (const auto count : wrong) CHECK_EQ(count, 0U);
}

// A report outlives the evidence, the verifier and what it remembered.
TEST(a_report_stands_alone) {
    Report report;
    {
        const auto trust = sample_trust();
        Verifier verifier(nullptr, trust, 1);
        const std::string evidence = restored_evidence();
        static_cast<void>(verifier.verify(as_bytes(evidence), {}, {}, sample_time));
        report = verifier.verify(as_bytes(evidence), {}, {}, sample_time);
    }
    CHECK(everything(report) == everything(verify_sample(restored_evidence())));
}

TEST(the_encoded_key_is_libcryptos) {
    std::size_t keys = 0;
    for (const auto &forged : cases()) {
        if (!forged.verifies) continue;
        const auto trust = trust_of(forged.options);
        const auto report = verify(nullptr, as_bytes(forged.evidence), trust, {}, {}, forged.options.time);
        if (!report.key || report.key->public_key.empty()) continue;
        const auto der = report.key->public_key.der();
        const unsigned char *cursor = der.data();
        const EvpPkeyPtr key(d2i_PUBKEY(nullptr, &cursor, static_cast<long>(der.size())));
        CHECK(key != nullptr && cursor == der.data() + der.size());
        CHECK(public_key_der(key.get()) == der);
        ++keys;
    }
    CHECK(keys >= 10);
}
