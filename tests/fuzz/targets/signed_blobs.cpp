// Behind the signature: both blobs are signed anew with the forge's partition key, as a hostile or faulty HSM would
// do, so that every attribute list reaches the checks of meaning. What is verified under the policy non-exportable
// says so in its bytes.
#include <algorithm>

#include "evidence_text.h"
#include "keys.h"
#include "minted.h"
#include "property.h"

using namespace mhsm;

namespace {

constexpr std::size_t signature_size = 256;

void sign_again(std::string &json, std::string_view member) {
    const auto blob = fuzz::decoded_member(json, member);
    if (!blob || blob->size() <= signature_size) return;
    Bytes data(blob->begin(), blob->end() - signature_size);
    const bool firmware2 = data.size() >= 16 && all_zero(ByteView(data).first(16));
    const auto form = firmware2 ? forge::SignatureForm::bare_hash : forge::SignatureForm::digest_info;
    const auto signature = forge::sign("partition", data, form);
    forge::append(data, signature);
    fuzz::replace_decoded(json, member, data);
}

Bytes attribute(std::uint32_t type, const Bytes &value) {
    auto bytes = forge::be32(type);
    forge::append(bytes, forge::be32(static_cast<std::uint32_t>(value.size())));
    forge::append(bytes, value);
    return bytes;
}

bool holds(ByteView blob, const Bytes &part) { return as_text(blob).find(as_text(part)) != std::string_view::npos; }

// Read as plainly as can be: the bytes of the attribute are there, and those of its opposite are not.
void require_stated(ByteView blob, std::uint32_t type, std::uint8_t value) {
    fuzz::require(holds(blob, attribute(type, {value})), "a verified blob states " + std::to_string(type));
}

void require_consistent(const std::string &json, const Report &report) {
    const auto blob = fuzz::decoded_member(json, "privateKeyAttestation");
    fuzz::require(blob.has_value(), "verified evidence has a private attestation");
    require_stated(*blob, 0x162, 0);
    require_stated(*blob, 0x164, 1);
    require_stated(*blob, 0x103, 1);
    require_stated(*blob, 0x165, 1);
    require_stated(*blob, 0x163, 1);
    fuzz::require(holds(*blob, attribute(0x000, {3})) || holds(*blob, attribute(0x000, {4})) ||
                      holds(*blob, attribute(0x000, {0, 0, 0, 3})) || holds(*blob, attribute(0x000, {0, 0, 0, 4})) ||
                      holds(*blob, attribute(0x000, {0, 3})) || holds(*blob, attribute(0x000, {0, 4})) ||
                      holds(*blob, attribute(0x000, {0, 0, 3})) || holds(*blob, attribute(0x000, {0, 0, 4})),
                  "a verified private attestation is of a private or secret key");
    fuzz::require(report.key && report.key->never_extractable == true && report.key->extractable == false,
                  "the facts agree with the policy");
    if (!report.kid.empty())
        fuzz::require(holds(*blob, Bytes(report.key->id.begin(), report.key->id.end())), "the key's name is signed");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    std::string json(data, data + size);
    for (const auto *member : {"privateKeyAttestation", "publicKeyAttestation"}) sign_again(json, member);
    static const auto policy = *named_policy("non-exportable");
    const auto report = fuzz::appraise(as_bytes(json), policy);
    if (verdict(report) == Verdict::verified) require_consistent(json, report);
    return 0;
}
