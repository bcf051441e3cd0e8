// Choosing the two chains, their dates, the partition key and who owns the pool.
#include "core/chain.h"

#include <algorithm>
#include <limits>

#include "outcomes.h"
#include "pki.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

X509Ptr made(const forge::Certificate &description) { return parse_certificate(nullptr, forge::issue(description)); }

// A test PKI and what is made of it. `more` goes into the bundle after the usual four.
struct World {
    forge::Pki pki = forge::make_pki(1);
    std::vector<forge::Certificate> more;
    std::vector<X509Ptr> bundle, roots;
    VerificationTime time = sample_time;
    EVP_PKEY *signer = nullptr;  // the partition key that signed the evidence, if a test cares
    std::size_t questions = 0;   // how often it was asked

    const ChosenChains &choose(bool reversed = false) {
        bundle.clear();
        roots.clear();
        for (const auto *description : {&pki.adapter, &pki.partition, &pki.pool_root, &pki.owner_partition})
            bundle.push_back(made(*description));
        for (const auto &description : more) bundle.push_back(made(description));
        if (reversed) std::ranges::reverse(bundle);
        roots.push_back(made(pki.root));
        return judge();
    }
    const ChosenChains &judge() {
        chains = choose_chains(bundle, roots, time, [this](EVP_PKEY *key) {
            ++questions;
            return signer != nullptr && EVP_PKEY_eq(signer, key) == 1;
        });
        return chains;
    }
    void check_chosen(const forge::Certificate &adapter, const forge::Certificate &partition) {
        CHECK_PASSES(chains.hw_chain);
        CHECK(same_certificate(chains.hsm_root, made(pki.root).get()));
        CHECK(same_certificate(chains.adapter, made(adapter).get()));
        CHECK(same_certificate(chains.partition, made(partition).get()));
    }
    std::string adapter_name() const { return forge::common_name(pki.adapter.subject); }
    std::string partition_name() const { return forge::common_name(pki.partition.subject); }

    ChosenChains chains;
};

Sha256 print_of(X509 *certificate) { return *sha256(nullptr, certificate_der(certificate)); }

struct Owner {
    X509Ptr root = made(forge::make_pki(1).pool_root);
    std::string pool = forge::pool_name(1);
    Trust trust;

    OwnerDecision decide() const { return authenticate_owner(nullptr, root.get(), trust); }
    Sha256 print() const { return print_of(root.get()); }
};

}  // namespace

TEST(both_chains_are_found) {
    World world;
    const auto &chains = world.choose();
    world.check_chosen(world.pki.adapter, world.pki.partition);
    CHECK_EQ(chains.hw_chain.detail, "TEST-ONLY.localca.liquidsecurity.cavium.com -> " + world.adapter_name() + " -> " +
                                         world.partition_name());
    CHECK_PASSES(chains.owner_chain);
    CHECK_EQ(chains.owner_chain.detail, forge::pool_name(1) + " -> " + world.partition_name());
    CHECK(same_certificate(chains.pool_root, made(world.pki.pool_root).get()));
    CHECK(same_certificate(chains.owner_partition, made(world.pki.owner_partition).get()));
    CHECK_EQ(world.questions, 0U);
}

TEST(an_empty_bundle_has_no_chain) {
    World world;
    world.roots.push_back(made(world.pki.root));
    const auto &chains = world.judge();
    CHECK_FAILS(chains.hw_chain, Reason::no_adapter, "certificatePemFile", "");
    CHECK_FAILS(chains.owner_chain, Reason::no_pool_root, "certificatePemFile", "");
    CHECK(chains.hsm_root == nullptr && chains.adapter == nullptr && chains.partition == nullptr);
    CHECK(chains.pool_root == nullptr && chains.owner_partition == nullptr);
}

TEST(the_nearest_miss_is_told) {
    World world;
    world.pki.partition.corrupt_signature = true;
    CHECK_FAILS(world.choose().hw_chain, Reason::bad_signature, world.partition_name(),
                "issuer " + world.adapter_name());
    world.pki.adapter.corrupt_signature = true;
    CHECK_FAILS(world.choose().hw_chain, Reason::bad_signature, world.adapter_name(),
                "issuer TEST-ONLY.localca.liquidsecurity.cavium.com");
    world.pki = forge::make_pki(1);
    forge::rename_common_name(world.pki.partition.issuer, "elsewhere");
    CHECK_FAILS(world.choose().hw_chain, Reason::no_partition, world.adapter_name(), "");
    CHECK_PASSES(world.chains.owner_chain);
}

TEST(owner_misses) {
    World world;
    world.pki.owner_partition.corrupt_signature = true;
    CHECK_FAILS(world.choose().owner_chain, Reason::bad_signature, world.partition_name(),
                "issuer " + forge::pool_name(1));
    world.pki.pool_root.corrupt_signature = true;
    CHECK_FAILS(world.choose().owner_chain, Reason::bad_signature, forge::pool_name(1),
                "issuer " + forge::pool_name(1));
    world.pki = forge::make_pki(1);
    world.pki.owner_partition.extensions[0] = forge::basic_constraints(true);
    CHECK_FAILS(world.choose().owner_chain, Reason::leaf_is_ca, world.partition_name(), "");
    world.pki = forge::make_pki(1);
    forge::rename_common_name(world.pki.owner_partition.issuer, "elsewhere");
    CHECK_FAILS(world.choose().owner_chain, Reason::no_owner_partition, forge::pool_name(1), "");
    CHECK_PASSES(world.chains.hw_chain);
}

TEST(a_partition_directly_below_the_root_is_misplaced) {
    World world;
    world.pki.partition.issuer = world.pki.root.subject;
    world.pki.partition.signer = "root";
    CHECK_FAILS(world.choose().hw_chain, Reason::wrong_depth, world.partition_name(), "");
    CHECK(world.chains.partition == nullptr);
}

TEST(certificates_that_name_each_other_in_a_circle_come_to_an_end) {
    World world;
    forge::rename_common_name(world.pki.adapter.issuer, world.partition_name());
    world.pki.adapter.issuer = world.pki.partition.subject;
    CHECK_FAILS(world.choose().hw_chain, Reason::no_adapter, "certificatePemFile", "");
}

TEST(more_certificates_do_not_matter) {
    World world;
    world.more = {world.pki.root, forge::self_signed_root("stranger", "other-root"),
                  forge::self_signed_pool_root("another", "evil-pool-root")};
    world.choose();
    world.check_chosen(world.pki.adapter, world.pki.partition);
    CHECK_PASSES(world.chains.owner_chain);
    world.choose(true);
    world.check_chosen(world.pki.adapter, world.pki.partition);
    CHECK_PASSES(world.chains.owner_chain);
}

TEST(of_two_adapters_of_one_name_the_one_that_issued_is_taken) {
    World world;
    auto renewed = world.pki.adapter;
    renewed.key = "adapter-2";
    world.more = {renewed};
    for (const bool reversed : {false, true}) {
        world.choose(reversed);
        world.check_chosen(world.pki.adapter, world.pki.partition);
    }
}

TEST(of_two_certificates_over_one_key_the_valid_and_then_the_newer_is_taken) {
    World world;
    auto newer = world.pki.partition;
    newer.not_before += forge::one_day;
    world.more = {newer};
    for (const bool reversed : {false, true}) {
        world.choose(reversed);
        world.check_chosen(world.pki.adapter, newer);
    }
    world.more[0].not_before = sample_time + forge::one_day;  // not yet valid
    for (const bool reversed : {false, true}) {
        world.choose(reversed);
        world.check_chosen(world.pki.adapter, world.pki.partition);
    }
}

TEST(of_two_roots_of_one_name_and_key_the_valid_is_taken) {
    World world;
    world.choose();
    auto expired = world.pki.root;
    expired.not_after = sample_time - 1;
    for (const bool first : {true, false}) {
        world.roots.clear();
        world.roots.push_back(made(first ? expired : world.pki.root));
        world.roots.push_back(made(first ? world.pki.root : expired));
        CHECK_PASSES(world.judge().hw_chain);
        CHECK(same_certificate(world.chains.hsm_root, made(world.pki.root).get()));
    }
}

TEST(a_root_of_the_same_name_with_another_key_does_not_hide_the_right_one) {
    World world;
    world.choose();
    auto impostor = world.pki.root;
    impostor.key = impostor.signer = "other-root";
    world.roots.insert(world.roots.begin(), made(impostor));
    CHECK_PASSES(world.judge().hw_chain);
    CHECK(same_certificate(world.chains.hsm_root, made(world.pki.root).get()));
}

TEST(of_two_partitions_the_one_that_the_pool_vouches_for_is_taken) {
    World world;
    auto other = world.pki.partition;
    other.key = "partition-2";
    other.not_before += forge::one_day;
    world.more = {other};
    for (const bool reversed : {false, true}) {
        world.choose(reversed);
        world.check_chosen(world.pki.adapter, world.pki.partition);
    }
    CHECK_EQ(world.questions, 0U);
}

TEST(of_two_partitions_that_are_both_vouched_for_the_signer_is_taken) {
    World world;
    auto other = world.pki.partition;
    other.key = "partition-2";
    auto owner_of_other = world.pki.owner_partition;
    owner_of_other.key = "partition-2";
    owner_of_other.extensions = {forge::basic_constraints(false)};
    world.more = {other, owner_of_other};
    const auto other_certificate = made(other);
    world.signer = X509_get0_pubkey(other_certificate.get());
    for (const bool reversed : {false, true}) {
        world.choose(reversed);
        world.check_chosen(world.pki.adapter, other);
        CHECK(same_certificate(world.chains.owner_partition, made(owner_of_other).get()));
    }
    CHECK(world.questions > 0);
    const auto first_certificate = made(world.pki.partition);
    world.signer = X509_get0_pubkey(first_certificate.get());
    world.choose();
    world.check_chosen(world.pki.adapter, world.pki.partition);
}

TEST(without_a_common_key_both_chains_are_still_shown) {
    World world;
    world.pki.owner_partition.key = "partition-2";
    world.pki.owner_partition.extensions = {forge::basic_constraints(false)};
    const auto &chains = world.choose();
    CHECK_PASSES(chains.hw_chain);
    CHECK_PASSES(chains.owner_chain);
    CHECK_FAILS(check_partition_keys_agree(chains.partition, chains.owner_partition), Reason::partition_key_differs,
                world.partition_name(), "");
}

TEST(two_pool_roots_over_the_same_partition_are_ambiguous) {
    World world;
    const auto second = forge::self_signed_pool_root("zz-second", "evil-pool-root");
    auto partition = world.pki.owner_partition;
    partition.issuer = second.subject;
    partition.signer = "evil-pool-root";
    partition.extensions = {forge::basic_constraints(false)};
    world.more = {second, partition};
    for (const bool reversed : {false, true}) {
        CHECK_FAILS(world.choose(reversed).owner_chain, Reason::ambiguous_pool_root, "certificatePemFile", " and ");
        CHECK_CONTAINS(world.chains.owner_chain.detail, "zz-second");
        CHECK(world.chains.pool_root == nullptr && world.chains.owner_partition == nullptr);
    }
}

TEST(validity_includes_both_ends) {
    auto description = forge::make_pki(1).pool_root;
    description.not_before = 1000000000;
    description.not_after = 2000000000;
    const auto certificate = made(description);
    const auto at = [&](VerificationTime time) { return check_validity({certificate.get()}, time); };
    CHECK_PASSES(at(1000000000));
    CHECK_PASSES(at(2000000000));
    CHECK_EQ(at(1500000000).detail, "all certificates valid at 2017-07-14T02:40:00Z");
    CHECK_FAILS(at(999999999), Reason::cert_not_yet_valid, forge::pool_name(1),
                "valid 2001-09-09T01:46:40Z to 2033-05-18T03:33:20Z, checked for 2001-09-09T01:46:39Z");
    CHECK_FAILS(at(2000000001), Reason::cert_expired, forge::pool_name(1), "checked for 2033-05-18T03:33:21Z");
    CHECK_SKIPS(at(std::nullopt), Reason::time_not_checked, true);
}

TEST(impossible_times_are_never_valid) {
    const auto certificate = made(forge::make_pki(1).pool_root);
    for (const auto time : {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min(),
                            std::int64_t{-62167219201}, std::int64_t{253402300800}})
        CHECK_EQ(check_validity({certificate.get()}, time).status, Status::fail);
}

TEST(partition_keys_have_a_minimum_strength) {
    const auto judged = [](const char *key) {
        auto description = forge::make_pki(1).partition;
        description.key = key;
        return check_partition_key_strength(made(description).get());
    };
    const World world;
    const auto weak = Reason::partition_key_weak;
    CHECK_PASSES(judged("partition"));
    CHECK_EQ(judged("partition").detail, "RSA-2048");
    CHECK_EQ(judged("rsa-4096").detail, "RSA-4096");
    CHECK_FAILS(judged("rsa-1024"), weak, world.partition_name(), "found RSA-1024");
    CHECK_FAILS(judged("rsa-2048-e3"), weak, world.partition_name(), "its public exponent is less than 65537 or even");
    CHECK_FAILS(judged("p-256"), weak, world.partition_name(), "expected RSA");
}

TEST(owner_is_unauthenticated_by_default) {
    const Owner owner;
    CHECK_FAILS(owner.decide().outcome, Reason::owner_unauthenticated, owner.pool,
                "pool root sha256:" + hex(owner.print()));
    CHECK_EQ(owner.decide().trust, OwnerTrust::unauthenticated);
}

TEST(owner_pinned_by_fingerprint) {
    Owner owner;
    owner.trust.owner_pins = {Sha256{}, owner.print()};
    for (const auto mode : {OwnerTrustMode::any, OwnerTrustMode::authenticated, OwnerTrustMode::pinned}) {
        owner.trust.owner_mode = mode;
        CHECK_PASSES(owner.decide().outcome);
        CHECK_EQ(owner.decide().outcome.detail, "pinned");
        CHECK_EQ(owner.decide().trust, OwnerTrust::pinned);
    }
}

TEST(owner_is_not_one_of_the_pinned) {
    Owner owner;
    owner.trust.owner_pins = {Sha256{}};
    CHECK_FAILS(owner.decide().outcome, Reason::owner_not_pinned, owner.pool, "pool root sha256:");
    owner.trust.owner_pins = {};
    owner.trust.owner_mode = OwnerTrustMode::pinned;
    CHECK_FAILS(owner.decide().outcome, Reason::owner_not_pinned, owner.pool, "pool root sha256:");
}

TEST(owner_known_by_name_and_root) {
    Owner owner;
    owner.trust.known_pools = {{"another", Sha256{}}, {owner.pool, owner.print()}};
    CHECK_EQ(owner.decide().trust, OwnerTrust::pinned);
    CHECK_PASSES(owner.decide().outcome);
    owner.trust.known_pools = {{"another", owner.print()}};  // right root, wrong name
    CHECK_FAILS(owner.decide().outcome, Reason::owner_unauthenticated, owner.pool, "pool root");
}

TEST(owner_known_with_another_root_fails_in_every_mode) {
    Owner owner;
    auto upper = owner.pool;
    std::ranges::transform(upper, upper.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    for (const auto &name : {owner.pool, upper})
        for (const auto mode : {OwnerTrustMode::any, OwnerTrustMode::authenticated, OwnerTrustMode::pinned}) {
            owner.trust.owner_mode = mode;
            owner.trust.tls_pool = owner.pool;
            owner.trust.known_pools = {{name, Sha256{}}};
            CHECK_FAILS(owner.decide().outcome, Reason::owner_pool_changed, owner.pool,
                        "known sha256:" + std::string(64, '0') + ", found pool root sha256:" + hex(owner.print()));
        }
    owner.trust.known_pools.push_back({owner.pool, owner.print()});  // both roots known
    CHECK_PASSES(owner.decide().outcome);
}

TEST(owner_authenticated_by_tls) {
    Owner owner;
    owner.trust.tls_pool = owner.pool;
    CHECK_PASSES(owner.decide().outcome);
    CHECK_EQ(owner.decide().outcome.detail, "fetched from the pool over TLS");
    CHECK_EQ(owner.decide().trust, OwnerTrust::tls);
    owner.trust.owner_mode = OwnerTrustMode::any;
    CHECK_PASSES(owner.decide().outcome);
    owner.trust.owner_mode = OwnerTrustMode::pinned;
    CHECK_FAILS(owner.decide().outcome, Reason::owner_not_pinned, owner.pool, "pool root sha256:");
    owner.trust.owner_mode = OwnerTrustMode::authenticated;
    owner.trust.tls_pool = "another";
    CHECK_FAILS(owner.decide().outcome, Reason::owner_unauthenticated, owner.pool, "pool root sha256:");
}

TEST(any_owner_is_accepted_on_request_only) {
    Owner owner;
    owner.trust.owner_mode = OwnerTrustMode::any;
    const auto decision = owner.decide();
    CHECK_SKIPS(decision.outcome, Reason::owner_trust_any, true);
    CHECK_CONTAINS(decision.outcome.detail, "pool root sha256:" + hex(owner.print()));
    CHECK_EQ(decision.trust, OwnerTrust::unauthenticated);
}

TEST(a_pool_root_without_a_name_is_never_the_one_fetched_from) {
    Owner owner;
    auto description = forge::make_pki(1).pool_root;
    description.subject.pop_back();
    description.issuer = description.subject;
    owner.root = made(description);
    owner.trust.tls_pool = "";
    CHECK_EQ(owner.decide().trust, OwnerTrust::unauthenticated);
    CHECK_FAILS(owner.decide().outcome, Reason::owner_unauthenticated, "", "pool root sha256:");
}
