#include <array>

#include "json_writer.h"
#include "report_json.h"

namespace mhsm {
namespace {

// AR4SI trustworthiness values (draft-ietf-rats-ar4si section 2.3).
constexpr int affirming = 2;
constexpr int no_claim = 0;
constexpr int contraindicated = 96;

int claim(const Report &report, std::initializer_list<std::string_view> ids) {
    int value = affirming;
    for (const auto id : ids) {
        const auto *outcome = report.find(id);
        if (outcome != nullptr && outcome->status == Status::fail) return contraindicated;
        if (outcome == nullptr || !outcome->passed()) value = no_claim;
    }
    return value;
}

void put_trust_vector(cJSON *module, const Report &report) {
    cJSON *vector = put_object(module, "ear.trustworthiness-vector");
    put_number(vector, "instance-identity",
               claim(report, {"owner.chain", "owner.time", "owner.authenticated", "partition.key", "bind.pool"}));
    put_number(vector, "hardware", claim(report, {"hw.chain", "hw.time", "signature.private"}));
    // Whether the key is protected at rest is what the HSM says of its extractability, if a policy demanded it.
    put_number(vector, "storage-opaque",
               claim(report, {"policy.not-extractable", "policy.never-extractable", "policy.sensitive"}));
}

}  // namespace

std::string report_ear(const Report &report, std::int64_t issued_at, bool pretty) {
    const auto root = make_object();
    const bool verified = verdict(report) == Verdict::verified;
    put(root.get(), "eat_profile", "tag:github.com,2023:veraison/ear");
    put_number(root.get(), "iat", static_cast<double>(issued_at));
    cJSON *verifier = put_object(root.get(), "ear.verifier-id");
    put(verifier, "developer", "mhsm-attest");
    put(verifier, "build", MHSMATTEST_VERSION);
    cJSON *module = put_object(put_object(root.get(), "submods"), "managed-hsm-key");
    const bool owner_known = report.owner && report.owner->trust != OwnerTrust::unauthenticated;
    put(module, "ear.status", !verified ? "contraindicated" : owner_known ? "affirming" : "warning");
    put_trust_vector(module, report);
    put(module, "ear.appraisal-policy-id", "mhsm-attest:" + report.policy);
    put_unless_empty(module, "mhsm-attest.evidence-sha256", report.evidence_sha256.text());
    if (report.owner) put(module, "mhsm-attest.owner-trust", std::string(owner_trust_name(report.owner->trust)));
    return to_text(root.get(), pretty);
}

}  // namespace mhsm
