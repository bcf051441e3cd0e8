#include "minted.h"

#include <algorithm>
#include <set>

#include "evidence_text.h"
#include "property.h"

namespace mhsm::fuzz {
namespace {

constexpr const char *blob_members[] = {"privateKeyAttestation", "publicKeyAttestation"};

Trust make_trust(OwnerTrustMode mode) {
    const auto anchors = forge::anchors();
    Trust trust;
    trust.embedded_hsm_roots = false;
    trust.owner_mode = mode;
    trust.hsm_roots = std::move(*parse_anchors(nullptr, as_bytes(anchors.hsm_root)));
    trust.owner_pins.push_back(*parse_pin("sha256:" + anchors.pool_root_sha256));
    return trust;
}

// Whether the case is about these checks: everything else in it is as it should be.
bool is_blamed(const forge::Case &minted, std::initializer_list<std::string_view> checks) {
    return !minted.verifies && std::ranges::any_of(checks, [&](auto id) { return minted.check.starts_with(id); });
}
bool has_genuine_blobs(const forge::Case &minted) {
    return !is_blamed(minted, {"blob.", "signature.", "object.", "bind.pair", "partition."});
}
bool has_genuine_certificates(const forge::Case &minted) {
    return !is_blamed(minted, {"certs.", "hw.chain", "owner.chain", "owner.authenticated", "partition."});
}

struct Genuine {
    std::set<std::string> blobs, certificates;
};

const Genuine &genuine() {
    static const Genuine value = [] {
        Genuine made;
        for (const auto &minted : minted_cases()) {
            if (has_genuine_blobs(minted))
                for (const auto *name : blob_members)
                    if (auto blob = decoded_member(minted.evidence, name)) made.blobs.emplace(as_text(*blob));
            if (!has_genuine_certificates(minted)) continue;
            const auto bundle = decoded_member(minted.evidence, "certificatePemFile").value_or(Bytes{});
            for (const auto &block : pem_blocks(as_text(bundle)))
                if (auto der = pem_content(block)) made.certificates.emplace(as_text(*der));
        }
        for (const auto &root : forge_trust().hsm_roots)
            made.certificates.emplace(as_text(certificate_der(root.get())));
        return made;
    }();
    return value;
}

}  // namespace

const std::vector<forge::Case> &minted_cases() {
    static const auto cases = forge::mint_all();
    return cases;
}

const Trust &forge_trust(OwnerTrustMode mode) {
    static const Trust trusts[] = {make_trust(OwnerTrustMode::any), make_trust(OwnerTrustMode::authenticated),
                                   make_trust(OwnerTrustMode::pinned)};
    return trusts[static_cast<std::size_t>(mode)];
}

Report appraise(ByteView json, const Policy &policy, OwnerTrustMode mode, std::int64_t time) {
    return verify(nullptr, json, forge_trust(mode), policy, {}, time);
}

void require_minted(std::string_view json, const Report &report) {
    if (verdict(report) != Verdict::verified) return;
    const auto decoded = decode_evidence(as_bytes(json)).evidence;
    require(decoded.private_attestation.has_value(), "verified evidence holds a private attestation");
    for (const auto *blob : {&decoded.private_attestation, &decoded.public_attestation})
        if (*blob)
            require(genuine().blobs.contains(std::string(as_text(**blob))), "a verified blob was signed by the forge");
    for (const auto &certificate : report.certificates)
        if (certificate.role != "unused")
            require(genuine().certificates.contains(std::string(as_text(certificate.der))),
                    "a " + certificate.role + " came from the forge");
    require(report.key.has_value() && report.hsm.has_value() && report.owner.has_value(),
            "a verified report is complete");
}

}  // namespace mhsm::fuzz
