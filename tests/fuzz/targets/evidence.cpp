// The answer of the service: members decode to the bytes that their text stands for, and to nothing else.
#include "core/evidence.h"

#include "bytes.h"
#include "core/attributes.h"
#include "property.h"

using namespace mhsm;

namespace {

// One accepted spelling for every byte string: the text comes back, but for its padding.
void require_round_trip(const std::optional<Bytes> &decoded, std::string_view json) {
    if (!decoded || decoded->empty()) return;
    const auto text = forge::base64url(*decoded);
    // JSON may have escaped some of its characters; then the text is not found as it is.
    if (json.find('\\') == std::string_view::npos)
        fuzz::require(json.find(text) != std::string_view::npos, "a member has one spelling");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const ByteView json(data, size);
    const auto decoded = decode_evidence(json);
    const auto &evidence = decoded.evidence;
    const bool complete = decoded.json.passed() && decoded.version.passed() && decoded.fields.passed();
    if (complete)
        fuzz::require(evidence.private_attestation && !evidence.private_attestation->empty() && evidence.certificates,
                      "evidence without a problem holds its required members");
    if (!decoded.json.passed() || !decoded.version.passed())
        fuzz::require(!evidence.private_attestation && !evidence.public_attestation && !evidence.certificates,
                      "nothing is taken from evidence that could not be read");
    for (const auto *member : {&evidence.private_attestation, &evidence.public_attestation, &evidence.certificates})
        require_round_trip(*member, as_text(json));
    fuzz::require(evidence.bare || complete || !decoded.fields.passed() || !decoded.version.passed(),
                  "a state is known");
    static_cast<void>(is_asymmetric(evidence.key));
    const auto again = decode_evidence(json);
    fuzz::require(again.evidence.private_attestation == evidence.private_attestation &&
                      again.evidence.certificates == evidence.certificates,
                  "decoding is deterministic");
    return 0;
}
