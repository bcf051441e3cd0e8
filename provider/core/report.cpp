#include "report.h"

#include <algorithm>
#include <array>
#include <new>

namespace mhsm {
namespace {

constexpr auto mandatory = std::to_array<std::string_view>(
    {"evidence.json",     "evidence.version", "evidence.fields",     "certs.parse",   "hw.chain",     "hw.time",
     "owner.chain",       "owner.time",       "owner.authenticated", "partition.key", "blob.private", "blob.public",
     "signature.private", "signature.public", "object.private",      "object.public", "bind.pair",    "bind.jwk",
     "bind.kid",          "bind.pool",        "bind.request"});

// Reports hold them in this order, so that each is usually found where it is expected.
bool holds_mandatory(const Report &report, std::size_t number) {
    const bool expected = number < report.checks.size() && report.checks[number].id == mandatory[number];
    return expected || report.find(mandatory[number]) != nullptr;
}

bool satisfied(const Outcome &outcome) {
    return outcome.status == Status::pass || (outcome.status == Status::skip && outcome.allowed);
}

}  // namespace

Bytes PublicKeyFacts::der() const {
    if (!material) return {};
    const ErrorScope errors;
    auto encoded = public_key_info(*material);
    // The key was made of the same material, so that only memory can have lacked.
    if (encoded.empty()) throw std::bad_alloc();
    return encoded;
}

std::string EvidenceDigest::text() const {
    if (!sha256_) return {};
    const auto digest = sha256_with(sha256_.get(), evidence_.bytes);
    // The algorithm is there, so that only memory can have lacked; libcrypto does not always say so.
    if (!digest) throw std::bad_alloc();
    return hex(*digest);
}

const Outcome *Report::find(std::string_view id) const {
    const auto found = std::ranges::find(checks, id, &Check::id);
    return found != checks.end() ? &found->outcome : nullptr;
}

std::span<const std::string_view> mandatory_checks() { return mandatory; }

Verdict verdict(const Report &report) {
    bool complete = true;
    for (std::size_t i = 0; i < mandatory.size(); ++i) complete = complete && holds_mandatory(report, i);
    const bool good = std::ranges::all_of(report.checks, satisfied, &Check::outcome);
    return complete && good ? Verdict::verified : Verdict::not_verified;
}

const Check *first_obstacle(const Report &report) {
    // A failure says more than a check that was skipped because of it.
    const auto failed = std::ranges::find(report.checks, Status::fail, [](const Check &c) { return c.outcome.status; });
    if (failed != report.checks.end()) return &*failed;
    const auto skipped = std::ranges::find_if_not(report.checks, satisfied, &Check::outcome);
    return skipped != report.checks.end() ? &*skipped : nullptr;
}

std::string_view owner_trust_name(OwnerTrust trust) {
    switch (trust) {
        case OwnerTrust::unauthenticated: return "unauthenticated";
        case OwnerTrust::tls: return "tls";
        case OwnerTrust::pinned: break;
    }
    return "pinned";
}

std::string_view owner_mode_name(OwnerTrustMode mode) {
    switch (mode) {
        case OwnerTrustMode::any: return "any";
        case OwnerTrustMode::authenticated: return "authenticated";
        case OwnerTrustMode::pinned: break;
    }
    return "pinned";
}

std::optional<OwnerTrustMode> parse_owner_mode(std::string_view name) {
    for (const auto mode : {OwnerTrustMode::any, OwnerTrustMode::authenticated, OwnerTrustMode::pinned})
        if (owner_mode_name(mode) == name) return mode;
    return std::nullopt;
}

std::string_view status_name(Status status) {
    switch (status) {
        case Status::pass: return "pass";
        case Status::fail: return "fail";
        case Status::skip: break;
    }
    return "skip";
}

}  // namespace mhsm
