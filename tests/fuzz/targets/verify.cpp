// The whole appraisal under the forge's PKI. Nothing that the forge did not sign is ever verified; the verdict is
// the same each time, in every order of the certificates, and never better under a stricter policy or less trust.
#include <algorithm>

#include "core/report_json.h"
#include "evidence_text.h"
#include "minted.h"
#include "property.h"

using namespace mhsm;

namespace {

std::string comparable(Report report) {
    report.evidence_sha256 = {};
    return report_json(report, false);
}

void require_order_ignored(const std::string &json, const Report &report) {
    const auto *parsed = report.find("certs.parse");
    const auto bundle = fuzz::decoded_member(json, "certificatePemFile");
    if (parsed == nullptr || !parsed->passed() || !bundle) return;
    auto blocks = fuzz::pem_blocks(as_text(*bundle));
    std::string backwards;
    for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) backwards += *block;
    auto other = json;
    fuzz::replace_decoded(other, "certificatePemFile", as_bytes(backwards));
    const auto again = fuzz::appraise(as_bytes(other));
    // Blocks cut out of the text may not be the ones that were read (a header line inside, say).
    if (again.certificates.size() != report.certificates.size() || !again.find("certs.parse")->passed()) return;
    const bool same =
        std::ranges::equal(again.certificates, report.certificates, {}, &CertificateFacts::der, &CertificateFacts::der);
    if (same) fuzz::require(comparable(again) == comparable(report), "the order of certificates does not matter");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string json(data, data + size);
    const auto bytes = as_bytes(json);
    const auto report = fuzz::appraise(bytes);
    fuzz::require_minted(json, report);
    for (const auto id : mandatory_checks())
        fuzz::require(report.find(id) != nullptr, "every mandatory check is there");
    const bool verified = verdict(report) == Verdict::verified;
    fuzz::require(verified == (first_obstacle(report) == nullptr), "what is not verified has an obstacle");

    static const auto strict = *named_policy("non-exportable");
    const auto strictly = fuzz::appraise(bytes, strict, OwnerTrustMode::pinned);
    const auto loosely = fuzz::appraise(bytes, {}, OwnerTrustMode::any);
    fuzz::require(verdict(strictly) != Verdict::verified || verified, "a stricter policy accepts nothing more");
    fuzz::require(!verified || verdict(loosely) == Verdict::verified, "more trust refuses nothing more");
    fuzz::require(comparable(fuzz::appraise(bytes)) == comparable(report), "the verdict is deterministic");
    if (verified || size % 4 == 0) require_order_ignored(json, report);
    return 0;
}
