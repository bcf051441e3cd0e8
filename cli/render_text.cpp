#include "render_text.h"

#include <algorithm>

#include "core/reason.h"
#include "diagnostics.h"
#include "render_facts.h"

namespace mhsm::cli {
namespace {

constexpr std::size_t id_width = 24;
constexpr std::string_view hanging_indent = "          ";

bool pool_unauthenticated(const Report &report) {
    return !report.owner || report.owner->trust == OwnerTrust::unauthenticated;
}

// What stands against the report; a check that is missing altogether has no name to show.
std::string obstacle_words(const Report &report) {
    const auto *obstacle = first_obstacle(report);
    if (obstacle == nullptr) return "a mandatory check is missing";
    return concat({obstacle->id, ": ", reason_text(obstacle->outcome.reason)});
}

std::string status_word(const Outcome &outcome, const Style &style) {
    switch (outcome.status) {
        case Status::pass: return concat({style.good("ok"), "    "});
        case Status::fail: return concat({style.bad("FAIL"), "  "});
        case Status::skip: break;
    }
    return concat({outcome.allowed ? style.doubtful("skip") : style.bad("skip"), "  "});
}

std::string object_and_detail(const Outcome &outcome) {
    const bool both = !outcome.subject.empty() && !outcome.detail.empty();
    return concat({outcome.subject, both ? ": " : "", outcome.detail});
}

// The command line that was given, with the pool root pinned instead of any being trusted.
std::string pin_command(const Report &report, const Options &options) {
    std::string command = "openssl-attest";
    const auto &words = options.arguments;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto option = std::string_view(words[i]).substr(words[i].starts_with("--") ? 1 : 0);
        if (words[i] == "--" || option.starts_with("-owner_trust=")) continue;
        if (option == "-owner_trust")
            ++i;
        else
            command += concat({" ", shell_word(words[i])});
    }
    return concat({command, " -owner_pin sha256:", report.owner->root_sha256});
}

// Pinning is proposed only if it is all that is missing: the root of suspicious evidence must not be pinned.
bool pin_helps(const Check &check, const Report &report) {
    const auto reason = check.outcome.reason;
    if (!report.owner || (reason != Reason::owner_unauthenticated && reason != Reason::owner_trust_any)) return false;
    return std::none_of(report.checks.begin(), report.checks.end(), [&check](const Check &other) {
        const auto &outcome = other.outcome;
        return &other != &check && !outcome.passed() && !outcome.allowed;
    });
}

std::string advice(const Check &check, const Report &report, const Options &options) {
    const auto &outcome = check.outcome;
    const bool obstacle = outcome.status == Status::fail;
    const bool lenient = outcome.status == Status::skip && outcome.allowed;
    if (!obstacle && !lenient) return {};
    std::string text;
    if (obstacle) text += concat({hanging_indent, reason_text(outcome.reason), "\n"});
    if (const auto remedy = reason_remedy(outcome.reason); !remedy.empty())
        text += concat({hanging_indent, "-> ", remedy, "\n"});
    if (pin_helps(check, report)) text += concat({hanging_indent, "   ", pin_command(report, options), "\n"});
    return text;
}

std::string check_row(const Check &check, const Report &report, const Options &options, const Style &style) {
    const auto &outcome = check.outcome;
    std::string right = object_and_detail(outcome);
    if (outcome.reason == Reason::earlier_check_failed)
        right = concat({"blocked: ", right});
    else if (outcome.status == Status::skip)
        right = concat({reason_text(outcome.reason), right.empty() ? "" : ": ", right});
    const auto left = right.empty() ? check.id : padded(check.id, id_width);
    return concat({"    ", status_word(outcome, style), left, right, "\n", advice(check, report, options)});
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
    return concat({"Checks (policy ", report.policy, "): ", std::to_string(passed), " ok, ", std::to_string(failed),
                   " failed, ", std::to_string(skipped), " skipped\n", rows});
}

}  // namespace

std::string render_verdict(const Report &report, const Style &style) {
    if (verdict(report) != Verdict::verified)
        return concat({style.bad("NOT VERIFIED"), ": ", obstacle_words(report), "\n"});
    std::string words = style.good("VERIFIED");
    if (pool_unauthenticated(report)) words = style.doubtful("VERIFIED, BUT THE POOL ROOT IS NOT AUTHENTICATED");
    if (report.key) words += concat({": ", key_words(*report.key), " key \"", report.key->id, "\""});
    if (report.owner) words += concat({" in pool \"", report.owner->pool, "\""});
    return words + "\n";
}

std::string render_brief(const Report &report, std::string_view source, const Style &style) {
    auto line = concat({source, ": "});
    if (verdict(report) != Verdict::verified)
        return concat({line, style.bad("NOT VERIFIED"), " ", obstacle_words(report), "\n"});
    line += pool_unauthenticated(report) ? style.doubtful("VERIFIED") : style.good("VERIFIED");
    if (report.key) line += concat({" ", key_words(*report.key), " ", report.key->id});
    if (report.owner) line += concat({" pool=", report.owner->pool, " owner=", owner_trust_name(report.owner->trust)});
    return line + "\n";
}

std::string render_text(const Report &report, const Options &options, const Style &style) {
    return render_verdict(report, style) + render_facts(report) + check_table(report, options, style);
}

}  // namespace mhsm::cli
