// The forge: evidence of Azure Managed HSM keys, genuine in form and forged, minted under a test PKI.
//
// It shares no code with the verifier, so that a misunderstanding of the format shows as a disagreement.
// Everything follows from the seed: the same seed and case name give the same bytes on every machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace forge {

// 2026-01-01T00:00:00Z; the certificates of unaltered evidence are valid then.
inline constexpr std::int64_t verification_time = 1767225600;
inline constexpr std::uint64_t default_seed = 1;

// How a case must be verified. Everything not set here is the verifier's default, except that the test root
// is the trusted hardware root. File contents are PEM unless the case is about another form.
struct Options {
    std::string policy = "authentic";
    std::string require;                        // further demands, comma-separated; may be empty
    std::string owner_trust = "authenticated";  // any, authenticated, pinned
    std::vector<std::string> owner_pins;        // hex SHA-256 of pool root certificates; default: the test pool root
    std::vector<std::pair<std::string, std::string>> known_pools;  // pool name, hex SHA-256
    std::string tls_pool;                                  // fetched from this pool over verified TLS; empty: was not
    std::string request;                                   // -uri: the key that was asked for; empty: nothing was asked
    std::optional<std::int64_t> time = verification_time;  // none: dates are not checked
    std::string hsm_root;                                  // the trusted hardware root
    std::optional<std::string> csr, certificate, public_key;  // what the evidence must be about
};

// One piece of evidence and what a correct verifier must say about it.
struct Case {
    std::string name;
    std::string description;
    bool verifies = false;
    // Not verified: the check that must fail and the reason it must give.
    // Verified: the check that must be skipped and why, or both empty.
    std::string check, reason;
    // Other checks that may fail for the same cause. Every check not named in `check` or here must pass, or be
    // skipped because of one that failed.
    std::vector<std::string> also;
    Options options;
    std::string evidence;
};

struct CaseName {
    std::string name, description;
};

// All cases, in a fixed order.
std::vector<CaseName> list_cases();
std::vector<Case> mint_all(std::uint64_t seed = default_seed);
// One of them; throws std::out_of_range if there is no such name.
Case mint(std::string_view name, std::uint64_t seed = default_seed);

// The trust anchors of unaltered evidence.
struct Anchors {
    std::string hsm_root, pool_root;  // PEM
    std::string pool;                 // name of the pool
    std::string pool_root_sha256;     // hex, of the certificate
};
Anchors anchors(std::uint64_t seed = default_seed);

}  // namespace forge
