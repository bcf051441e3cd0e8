// The verdict follows from the checks alone.
#include "core/report.h"

#include <algorithm>

#include "outcomes.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

// A report in which every mandatory check passed.
Report good_report() {
    Report report;
    for (const auto id : mandatory_checks()) report.checks.push_back({std::string(id), Outcome::pass()});
    return report;
}

Outcome &outcome_of(Report &report, std::string_view id) {
    return std::ranges::find(report.checks, id, &Check::id)->outcome;
}

void check_not_verified(const Report &report, std::string_view obstacle) {
    CHECK_EQ(verdict(report), Verdict::not_verified);
    const auto *check = first_obstacle(report);
    CHECK(check != nullptr);
    CHECK_EQ(check->id, obstacle);
}

}  // namespace

TEST(the_mandatory_checks_are_an_interface) {
    const std::vector<std::string_view> expected = {
        "evidence.json",     "evidence.version", "evidence.fields",     "certs.parse",   "hw.chain",     "hw.time",
        "owner.chain",       "owner.time",       "owner.authenticated", "partition.key", "blob.private", "blob.public",
        "signature.private", "signature.public", "object.private",      "object.public", "bind.pair",    "bind.jwk",
        "bind.kid",          "bind.pool",        "bind.request"};
    CHECK(std::ranges::equal(mandatory_checks(), expected));
}

TEST(all_passed_is_verified) {
    const auto report = good_report();
    CHECK_EQ(verdict(report), Verdict::verified);
    CHECK(first_obstacle(report) == nullptr);
}

TEST(an_empty_report_is_not_verified) {
    CHECK_EQ(verdict(Report{}), Verdict::not_verified);
    CHECK(first_obstacle(Report{}) == nullptr);
}

TEST(without_any_one_mandatory_check_it_is_not_verified) {
    for (const auto id : mandatory_checks()) {
        const Context context{std::string(id)};
        auto report = good_report();
        std::erase_if(report.checks, [id](const Check &check) { return check.id == id; });
        CHECK_EQ(verdict(report), Verdict::not_verified);
        report.checks.push_back({std::string(id) + "x", Outcome::pass()});
        CHECK_EQ(verdict(report), Verdict::not_verified);
    }
}

TEST(any_one_failure_makes_it_not_verified) {
    for (const auto id : mandatory_checks()) {
        const Context context{std::string(id)};
        auto report = good_report();
        outcome_of(report, id) = Outcome::fail(Reason::internal, "", "");
        check_not_verified(report, id);
        outcome_of(report, id).allowed = true;  // a failure is never allowed
        check_not_verified(report, id);
    }
}

TEST(any_one_skip_that_is_not_allowed_makes_it_not_verified) {
    for (const auto id : mandatory_checks()) {
        const Context context{std::string(id)};
        auto report = good_report();
        outcome_of(report, id) = Outcome::blocked("");
        check_not_verified(report, id);
        outcome_of(report, id) = Outcome{};
        check_not_verified(report, id);
        outcome_of(report, id) = Outcome::not_needed(Reason::not_asked);
        CHECK_EQ(verdict(report), Verdict::verified);
        CHECK(first_obstacle(report) == nullptr);
    }
}

TEST(checks_beyond_the_mandatory_ones_count_too) {
    auto report = good_report();
    report.checks.push_back({"policy.local", Outcome::pass()});
    CHECK_EQ(verdict(report), Verdict::verified);
    report.checks.push_back({"policy.fips", Outcome::fail(Reason::demand_false, "", "")});
    check_not_verified(report, "policy.fips");
    report.checks.back().outcome = Outcome::blocked("");
    check_not_verified(report, "policy.fips");
}

TEST(a_second_check_of_one_id_is_not_overlooked) {
    auto report = good_report();
    report.checks.push_back({"hw.chain", Outcome::fail(Reason::no_adapter, "", "")});
    check_not_verified(report, "hw.chain");
}

TEST(the_obstacle_is_a_failure_rather_than_a_skip_before_it) {
    auto report = good_report();
    outcome_of(report, "evidence.json") = Outcome::blocked("");
    outcome_of(report, "hw.time") = Outcome::fail(Reason::cert_expired, "", "");
    outcome_of(report, "bind.kid") = Outcome::fail(Reason::kid_differs, "", "");
    check_not_verified(report, "hw.time");
}

TEST(the_verdict_is_computed_each_time) {
    auto report = verify_sample(restored_evidence());
    CHECK_EQ(verdict(report), Verdict::verified);
    for (std::size_t i = 0; i < report.checks.size(); ++i) {
        auto altered = report;
        const auto id = altered.checks[i].id;
        const Context context(id);
        altered.checks.erase(altered.checks.begin() + static_cast<std::ptrdiff_t>(i));
        CHECK_EQ(verdict(altered), Verdict::not_verified);
        altered = report;
        altered.checks[i].outcome = Outcome::blocked("");
        CHECK_EQ(verdict(altered), Verdict::not_verified);
    }
    CHECK_EQ(verdict(report), Verdict::verified);
}

TEST(checks_are_found_by_id) {
    const auto report = good_report();
    CHECK_EQ(report.find("hw.chain"), &report.checks[4].outcome);
    CHECK(report.find("hw") == nullptr);
    CHECK(report.find("") == nullptr);
}

TEST(names_of_trust_modes_and_statuses) {
    CHECK_EQ(owner_trust_name(OwnerTrust::unauthenticated), "unauthenticated");
    CHECK_EQ(owner_trust_name(OwnerTrust::tls), "tls");
    CHECK_EQ(owner_trust_name(OwnerTrust::pinned), "pinned");
    CHECK_EQ(status_name(Status::pass), "pass");
    CHECK_EQ(status_name(Status::fail), "fail");
    CHECK_EQ(status_name(Status::skip), "skip");
    for (const auto mode : {OwnerTrustMode::any, OwnerTrustMode::authenticated, OwnerTrustMode::pinned})
        CHECK_EQ(parse_owner_mode(owner_mode_name(mode)), std::optional(mode));
    CHECK_EQ(owner_mode_name(OwnerTrustMode::any), "any");
    CHECK_EQ(owner_mode_name(OwnerTrustMode::authenticated), "authenticated");
    for (const auto *other : {"", "Any", "tls", "pinned "}) CHECK(!parse_owner_mode(other).has_value());
}
