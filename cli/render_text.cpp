#include "render_text.h"

#include "core/reason.h"
#include "diagnostics.h"
#include "render_facts.h"

namespace mhsm::cli {
namespace {

constexpr std::size_t status_width = 6;
constexpr std::size_t id_width = 24;
const std::string hanging_indent(4 + status_width, ' ');

bool pool_unauthenticated(const Report &report) {
    return !report.owner || report.owner->trust == OwnerTrust::unauthenticated;
}

// What stands against the report; a check that is missing altogether has no name to show.
std::string obstacle_words(const Report &report) {
    const auto *obstacle = first_obstacle(report);
    if (obstacle == nullptr) return "a mandatory check is missing";
    return obstacle->id + ": " + std::string(reason_text(obstacle->outcome.reason));
}

std::string status_word(const Outcome &outcome, const Style &style) {
    const auto blanks = [](std::string_view word) { return std::string(status_width - word.size(), ' '); };
    switch (outcome.status) {
        case Status::pass: return style.good("ok") + blanks("ok");
        case Status::fail: return style.bad("FAIL") + blanks("FAIL");
        case Status::skip: break;
    }
    return (outcome.allowed ? style.doubtful("skip") : style.bad("skip")) + blanks("skip");
}

std::string object_and_detail(const Outcome &outcome) {
    if (outcome.subject.empty() || outcome.detail.empty()) return outcome.subject + outcome.detail;
    return outcome.subject + ": " + outcome.detail;
}

// The command line that was given, with the pool root pinned.
std::string pin_command(const Report &report, const Options &options) {
    std::string command = "openssl-attest";
    for (const auto &argument : options.arguments) command += " " + shell_word(argument);
    return command + " -owner_pin sha256:" + report.owner->root_sha256;
}

std::string advice(const Check &check, const Report &report, const Options &options) {
    const auto &outcome = check.outcome;
    const bool obstacle = outcome.status == Status::fail;
    const bool lenient = outcome.status == Status::skip && outcome.allowed;
    if (!obstacle && !lenient) return {};
    std::string text;
    if (obstacle) text += hanging_indent + std::string(reason_text(outcome.reason)) + "\n";
    if (const auto remedy = reason_remedy(outcome.reason); !remedy.empty())
        text += hanging_indent + "-> " + std::string(remedy) + "\n";
    const bool pinnable = outcome.reason == Reason::owner_unauthenticated || outcome.reason == Reason::owner_trust_any;
    if (pinnable && report.owner) text += hanging_indent + "   " + pin_command(report, options) + "\n";
    return text;
}

std::string check_row(const Check &check, const Report &report, const Options &options, const Style &style) {
    const auto &outcome = check.outcome;
    std::string right = object_and_detail(outcome);
    if (outcome.status == Status::skip)
        right = std::string(reason_text(outcome.reason)) + (right.empty() ? "" : " (" + right + ")");
    std::string row = "    " + status_word(outcome, style);
    row += right.empty() ? check.id : padded(check.id, id_width) + right;
    return row + "\n" + advice(check, report, options);
}

std::string check_table(const Report &report, const Options &options, const Style &style) {
    std::size_t passed = 0, failed = 0;
    std::string rows;
    for (const auto &check : report.checks) {
        passed += check.outcome.status == Status::pass;
        failed += check.outcome.status == Status::fail;
        rows += check_row(check, report, options, style);
    }
    const auto skipped = report.checks.size() - passed - failed;
    return "Checks (policy " + report.policy + "): " + std::to_string(passed) + " ok, " +
           std::to_string(failed) + " failed, " + std::to_string(skipped) + " skipped\n" + rows;
}

}  // namespace

std::string render_verdict(const Report &report, const Style &style) {
    if (verdict(report) != Verdict::verified) return style.bad("NOT VERIFIED") + ": " + obstacle_words(report) + "\n";
    std::string words = style.good("VERIFIED");
    if (pool_unauthenticated(report)) words = style.doubtful("VERIFIED, BUT THE POOL ROOT IS NOT AUTHENTICATED");
    if (report.key) words += ": " + key_words(*report.key) + " key \"" + report.key->id + "\"";
    if (report.owner) words += " in pool \"" + report.owner->pool + "\"";
    return words + "\n";
}

std::string render_brief(const Report &report, std::string_view source, const Style &style) {
    std::string line = std::string(source) + ": ";
    if (verdict(report) != Verdict::verified)
        return line + style.bad("NOT VERIFIED") + " " + obstacle_words(report) + "\n";
    line += pool_unauthenticated(report) ? style.doubtful("VERIFIED") : style.good("VERIFIED");
    if (report.key) line += " " + key_words(*report.key) + " " + report.key->id;
    if (report.owner) {
        line += " pool=" + report.owner->pool + " owner=";
        line += owner_trust_name(report.owner->trust);
    }
    return line + "\n";
}

std::string render_text(const Report &report, const Options &options, const Style &style) {
    return render_verdict(report, style) + render_facts(report) + check_table(report, options, style);
}

}  // namespace mhsm::cli
