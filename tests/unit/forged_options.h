// How a case of the forge says it must be verified, in the terms of the core.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "core/verify.h"
#include "forge.h"
#include "scene.h"

namespace mhsm::test {

// A bundle that vouches for two partitions, of which `signer` signed: "partition" or "partition-2".
inline forge::Case of_two_partitions(const char *signer) {
    forge::Scene scene(forge::default_seed, forge::key_kind("rsa-2048"), forge::Layout::firmware2);
    auto other = scene.pki.partition;
    auto owner_of_other = scene.pki.owner_partition;
    other.key = owner_of_other.key = "partition-2";
    owner_of_other.extensions = {forge::basic_constraints(false)};
    scene.more = {other, owner_of_other};
    scene.private_blob.signer = scene.public_blob.signer = signer;
    forge::Case genuine;
    genuine.evidence = forge::render(scene);
    genuine.options = scene.options;
    return genuine;
}

inline Sha256 digest_of(const std::string &hex_text) { return parse_pin("sha256:" + hex_text).value(); }

inline Trust trust_of(const forge::Options &options) {
    Trust trust;
    trust.embedded_hsm_roots = false;
    trust.hsm_roots = std::move(parse_anchors(nullptr, as_bytes(options.hsm_root)).value());
    trust.owner_mode = parse_owner_mode(options.owner_trust).value();
    for (const auto &pin : options.owner_pins) trust.owner_pins.push_back(digest_of(pin));
    for (const auto &[pool, root] : options.known_pools) trust.known_pools.push_back({pool, digest_of(root)});
    trust.tls_pool = options.tls_pool;
    return trust;
}

// Throws std::bad_variant_access if the demands are malformed.
inline Policy policy_of(const forge::Options &options) {
    auto policy = named_policy(options.policy).value();
    if (!options.require.empty() && !add_demands(policy, options.require).passed()) throw std::bad_variant_access();
    return policy;
}

inline std::optional<Bytes> bytes_of(const std::optional<std::string> &text) {
    return text ? std::optional(Bytes(text->begin(), text->end())) : std::nullopt;
}

inline Expectations expectations_of(const forge::Options &options) {
    Expectations expectations;
    if (!options.request.empty()) expectations.request = parse_key_url(options.request, true).value();
    expectations.csr = bytes_of(options.csr);
    expectations.certificate = bytes_of(options.certificate);
    expectations.public_key = bytes_of(options.public_key);
    return expectations;
}

}  // namespace mhsm::test
