#include "chain.h"

#include <openssl/core_names.h>

#include <algorithm>

namespace mhsm {
namespace {

constexpr std::string_view pool_root_organization = "Microsoft Corporation";
constexpr std::size_t adapter_depth = 1;
constexpr std::size_t partition_depth = 2;

struct HardwareChain {
    X509 *root, *adapter, *partition;
};
struct OwnerChain {
    X509 *root, *partition;
};

// The failure that came closest to a chain: what a person should be told when there is none.
class NearestMiss {
public:
    NearestMiss(Reason reason, std::string detail)
        : outcome_(Outcome::fail(reason, "certificatePemFile", std::move(detail))) {}
    void note(int progress, Outcome outcome) {
        if (progress <= progress_) return;
        progress_ = progress;
        outcome_ = std::move(outcome);
    }
    const Outcome &outcome() const { return outcome_; }

private:
    int progress_ = 0;
    Outcome outcome_;
};

struct AnchoredAdapter {
    X509 *root = nullptr;
    Outcome outcome;
};

// Adapter under any anchor that bears its issuer's name; prefers one that is valid at `time`.
AnchoredAdapter anchor_adapter(X509 *adapter, const std::vector<X509Ptr> &roots, VerificationTime time) {
    AnchoredAdapter best;
    for (const auto &root : roots) {
        if (!names_issuer(adapter, root.get())) continue;
        auto outcome = check_issued_by(adapter, root.get(), IssuerRule::trust_anchor);
        const bool better = best.root == nullptr || (outcome.passed() && !best.outcome.passed()) ||
                            (outcome.passed() && !check_validity({best.root}, time).passed());
        if (better) best = {root.get(), std::move(outcome)};
    }
    return best;
}

std::vector<HardwareChain> find_hardware_chains(const std::vector<X509Ptr> &bundle, const std::vector<X509Ptr> &roots,
                                                VerificationTime time, NearestMiss &miss) {
    std::vector<HardwareChain> chains;
    for (const auto &adapter : bundle) {
        if (is_self_issued(adapter.get())) continue;
        const auto anchored = anchor_adapter(adapter.get(), roots, time);
        if (anchored.root == nullptr) continue;
        if (!anchored.outcome.passed()) {
            miss.note(1, anchored.outcome);
            continue;
        }
        miss.note(2, Outcome::fail(Reason::no_partition, display_name(adapter.get()), ""));
        for (const auto &partition : bundle) {
            if (partition == adapter || !names_issuer(partition.get(), adapter.get())) continue;
            auto issued = check_issued_by(partition.get(), adapter.get(), IssuerRule::version1_may_issue);
            if (issued.passed())
                chains.push_back({anchored.root, adapter.get(), partition.get()});
            else
                miss.note(3, std::move(issued));
        }
    }
    return chains;
}

std::vector<OwnerChain> find_owner_chains(const std::vector<X509Ptr> &bundle, NearestMiss &miss) {
    std::vector<OwnerChain> chains;
    for (const auto &root : bundle) {
        if (!is_self_issued(root.get()) ||
            subject_attribute(root.get(), NID_organizationName) != pool_root_organization)
            continue;
        const auto self_signed = check_issued_by(root.get(), root.get(), IssuerRule::must_state_ca);
        miss.note(1, Outcome::fail(Reason::no_owner_partition, display_name(root.get()), ""));
        for (const auto &partition : bundle) {
            if (is_self_issued(partition.get()) || !names_issuer(partition.get(), root.get())) continue;
            if (!self_signed.passed()) {
                miss.note(2, self_signed);
                continue;
            }
            auto issued = check_issued_by(partition.get(), root.get(), IssuerRule::must_state_ca);
            if (issued.passed() && is_ca(partition.get()))
                issued = Outcome::fail(Reason::leaf_is_ca, display_name(partition.get()), "");
            if (issued.passed())
                chains.push_back({root.get(), partition.get()});
            else
                miss.note(3, std::move(issued));
        }
    }
    return chains;
}

// How many steps below an anchor a certificate stands, by names; 0 if it leads to none.
std::size_t depth_below_anchor(X509 *certificate, const std::vector<X509Ptr> &bundle,
                               const std::vector<X509Ptr> &roots) {
    std::vector<X509 *> level{certificate};
    for (std::size_t depth = 1; depth <= bundle.size() && !level.empty(); ++depth) {
        std::vector<X509 *> next;
        for (auto *subject : level) {
            for (const auto &root : roots)
                if (names_issuer(subject, root.get())) return depth;
            for (const auto &issuer : bundle)
                if (names_issuer(subject, issuer.get()) && !is_self_issued(issuer.get()) &&
                    std::ranges::find(next, issuer.get()) == next.end())
                    next.push_back(issuer.get());
        }
        level = std::move(next);
    }
    return 0;
}

// A certificate over the key that the pool vouches for, but not directly below an adapter.
X509 *find_misplaced_partition(const std::vector<X509Ptr> &bundle, const std::vector<X509Ptr> &roots,
                               const std::vector<OwnerChain> &owners) {
    for (const auto &certificate : bundle) {
        const bool vouched_for = std::ranges::any_of(owners, [&](const OwnerChain &owner) {
            return owner.partition != certificate.get() && same_public_key(owner.partition, certificate.get());
        });
        if (!vouched_for) continue;
        const auto depth = depth_below_anchor(certificate.get(), bundle, roots);
        if (depth == adapter_depth || depth > partition_depth) return certificate.get();
    }
    return nullptr;
}

// Among chains over one key: first those valid at `time`, then the most recently issued.
template <class Chain>
bool preferred(const Chain &a, const Chain &b, const std::vector<X509 *> &a_path, const std::vector<X509 *> &b_path,
               VerificationTime time) {
    const bool a_valid = check_validity(a_path, time).passed();
    const bool b_valid = check_validity(b_path, time).passed();
    if (a_valid != b_valid) return a_valid;
    return not_before(a.partition) > not_before(b.partition);
}

struct Pairing {
    std::vector<HardwareChain> hardware;
    std::vector<OwnerChain> owner;
};

// Keeps the chains over one partition key: one that both chains carry if there is any, and among several the
// one that signed the evidence.
Pairing pair_up(const std::vector<HardwareChain> &hardware, const std::vector<OwnerChain> &owners,
                const SignedEvidence &signed_evidence) {
    std::vector<Pairing> pairings;
    for (const auto &chain : hardware) {
        const auto same_key = [&](const auto &other) { return same_public_key(other.partition, chain.partition); };
        const auto known = std::ranges::find_if(pairings, [&](const Pairing &p) { return same_key(p.hardware[0]); });
        if (known != pairings.end()) {
            known->hardware.push_back(chain);
            continue;
        }
        Pairing fresh{{chain}, {}};
        std::ranges::copy_if(owners, std::back_inserter(fresh.owner), same_key);
        pairings.push_back(std::move(fresh));
    }
    if (std::ranges::any_of(pairings, [](const Pairing &p) { return !p.owner.empty(); }))
        std::erase_if(pairings, [](const Pairing &p) { return p.owner.empty(); });
    if (pairings.empty()) return {{}, owners};
    if (pairings.size() > 1) {
        const auto signer = std::ranges::find_if(
            pairings, [&](const Pairing &p) { return signed_evidence(X509_get0_pubkey(p.hardware[0].partition)); });
        if (signer != pairings.end()) return *signer;
    }
    return pairings.front();
}

void choose_hardware(std::vector<HardwareChain> chains, VerificationTime time, ChosenChains &chosen) {
    std::ranges::stable_sort(chains, [&](const HardwareChain &a, const HardwareChain &b) {
        return preferred(a, b, {a.root, a.adapter, a.partition}, {b.root, b.adapter, b.partition}, time);
    });
    chosen.hsm_root = chains[0].root;
    chosen.adapter = chains[0].adapter;
    chosen.partition = chains[0].partition;
    chosen.hw_chain = Outcome::pass("", display_name(chosen.hsm_root) + " -> " + display_name(chosen.adapter) + " -> " +
                                            display_name(chosen.partition));
}

void choose_owner(std::vector<OwnerChain> chains, VerificationTime time, ChosenChains &chosen) {
    std::ranges::stable_sort(chains, [&](const OwnerChain &a, const OwnerChain &b) {
        return preferred(a, b, {a.root, a.partition}, {b.root, b.partition}, time);
    });
    const auto other = std::ranges::find_if(
        chains, [&](const OwnerChain &chain) { return !same_certificate(chain.root, chains[0].root); });
    if (other != chains.end()) {
        chosen.owner_chain = Outcome::fail(Reason::ambiguous_pool_root, "certificatePemFile",
                                           display_name(chains[0].root) + " and " + display_name(other->root));
        return;
    }
    chosen.pool_root = chains[0].root;
    chosen.owner_partition = chains[0].partition;
    chosen.owner_chain =
        Outcome::pass("", display_name(chosen.pool_root) + " -> " + display_name(chosen.owner_partition));
}

OwnerTrust find_owner_trust(const Sha256 &root, std::string_view pool, const Trust &trust) {
    if (std::ranges::find(trust.owner_pins, root) != trust.owner_pins.end()) return OwnerTrust::pinned;
    const auto known = [&](const KnownPool &entry) { return same_pool(entry.pool, pool) && entry.root == root; };
    if (std::ranges::any_of(trust.known_pools, known)) return OwnerTrust::pinned;
    if (!pool.empty() && same_pool(trust.tls_pool, pool)) return OwnerTrust::tls;
    return OwnerTrust::unauthenticated;
}

}  // namespace

ChosenChains choose_chains(const std::vector<X509Ptr> &bundle, const std::vector<X509Ptr> &hsm_roots,
                           VerificationTime time, const SignedEvidence &signed_evidence) {
    NearestMiss hw_miss(Reason::no_adapter, "");
    NearestMiss owner_miss(Reason::no_pool_root, "");
    const auto hardware = find_hardware_chains(bundle, hsm_roots, time, hw_miss);
    const auto owners = find_owner_chains(bundle, owner_miss);
    auto pairing = pair_up(hardware, owners, signed_evidence);

    ChosenChains chosen;
    const bool paired = !pairing.hardware.empty() && !pairing.owner.empty();
    X509 *misplaced = paired ? nullptr : find_misplaced_partition(bundle, hsm_roots, owners);
    if (misplaced != nullptr)
        chosen.hw_chain = Outcome::fail(Reason::wrong_depth, display_name(misplaced), "");
    else if (pairing.hardware.empty())
        chosen.hw_chain = hw_miss.outcome();
    else
        choose_hardware(std::move(pairing.hardware), time, chosen);

    if (pairing.owner.empty()) pairing.owner = owners;
    if (pairing.owner.empty())
        chosen.owner_chain = owner_miss.outcome();
    else
        choose_owner(std::move(pairing.owner), time, chosen);
    return chosen;
}

Outcome check_validity(const std::vector<X509 *> &chain, VerificationTime time) {
    if (!time) return Outcome::not_needed(Reason::time_not_checked);
    const auto now = utc_time(*time);
    for (auto *certificate : chain) {
        const auto dates = [&] {
            return "valid " + utc_time(not_before(certificate)) + " to " + utc_time(not_after(certificate)) +
                   ", checked for " + now;
        };
        const int begun = ASN1_TIME_cmp_time_t(X509_get0_notBefore(certificate), *time);
        if (begun > 0 || begun < -1)
            return Outcome::fail(Reason::cert_not_yet_valid, display_name(certificate), dates());
        if (ASN1_TIME_cmp_time_t(X509_get0_notAfter(certificate), *time) < 0)
            return Outcome::fail(Reason::cert_expired, display_name(certificate), dates());
    }
    return Outcome::pass("", "all certificates valid at " + now);
}

Outcome check_partition_key_strength(X509 *partition) {
    constexpr int min_bits = 2048;
    const auto name = display_name(partition);
    const auto *key = X509_get0_pubkey(partition);
    BIGNUM *raw_exponent = nullptr;
    if (key == nullptr || EVP_PKEY_is_a(key, "RSA") != 1 ||
        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &raw_exponent) != 1)
        return Outcome::fail(Reason::partition_key_weak, name, "expected RSA");
    const BnPtr exponent(raw_exponent);
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < min_bits) return Outcome::fail(Reason::partition_key_weak, name, "found RSA-" + std::to_string(bits));
    if (BN_is_odd(exponent.get()) != 1 || BN_num_bits(exponent.get()) < 17)
        return Outcome::fail(Reason::partition_key_weak, name, "its public exponent is less than 65537 or even");
    if (BN_num_bits(exponent.get()) > ordinary_exponent_bits)
        return Outcome::fail(Reason::partition_key_weak, name, "its public exponent is longer than 64 bits");
    return Outcome::pass(name, "RSA-" + std::to_string(bits));
}

Outcome check_partition_keys_agree(X509 *partition, X509 *owner_partition) {
    const auto name = display_name(partition);
    if (!same_public_key(partition, owner_partition)) return Outcome::fail(Reason::partition_key_differs, name, "");
    return Outcome::pass(name, "both partition certificates carry the same key");
}

OwnerDecision authenticate_owner(OSSL_LIB_CTX *libctx, X509 *pool_root, const Trust &trust) {
    const auto pool = subject_attribute(pool_root, NID_commonName);
    const auto root = sha256(libctx, certificate_der(pool_root));
    if (!root) return {Outcome::fail(Reason::internal, pool, "no SHA-256"), OwnerTrust::unauthenticated};
    const auto print = "pool root sha256:" + hex(*root);
    const auto how = find_owner_trust(*root, pool, trust);
    if (how == OwnerTrust::pinned) return {Outcome::pass(pool, "pinned"), how};

    const auto of_this_pool = [&](const KnownPool &entry) { return same_pool(entry.pool, pool); };
    if (const auto known = std::ranges::find_if(trust.known_pools, of_this_pool); known != trust.known_pools.end())
        return {
            Outcome::fail(Reason::owner_pool_changed, pool, "known sha256:" + hex(known->root) + ", found " + print),
            how};
    if (trust.owner_mode == OwnerTrustMode::any && how == OwnerTrust::unauthenticated)
        return {Outcome::not_needed(Reason::owner_trust_any, print), how};
    if (how == OwnerTrust::tls && trust.owner_mode != OwnerTrustMode::pinned)
        return {Outcome::pass(pool, "fetched from the pool over TLS"), how};
    const bool pinning = trust.owner_mode == OwnerTrustMode::pinned || !trust.owner_pins.empty();
    const auto reason = pinning ? Reason::owner_not_pinned : Reason::owner_unauthenticated;
    return {Outcome::fail(reason, pool, print), how};
}

}  // namespace mhsm
