#include "text.h"

#include <openssl/asn1.h>

namespace mhsm::provider {

std::string content(BIO *bio) {
    char *text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

namespace {

using Asn1TimePtr = std::unique_ptr<ASN1_TIME, Deleter<ASN1_TIME_free>>;

// As the text encoder of OpenSSL's own provider has it, whatever its version.
std::string key_text(EVP_PKEY *key) {
    const ErrorScope errors;
    const BioPtr bio(BIO_new(BIO_s_mem()));
    if (!bio || EVP_PKEY_print_public(bio.get(), key, 0, nullptr) != 1)
        fail(ProviderReason::crypto_unavailable, "text", "libcrypto does not print the key");
    return content(bio.get());
}

// "Nov 24 00:00:00 2026 GMT", as openssl x509 -text prints dates.
std::string time_text(std::int64_t seconds) {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    const Asn1TimePtr time(ASN1_TIME_set(nullptr, seconds));
    if (!bio || !time || ASN1_TIME_print(bio.get(), time.get()) != 1) throw std::bad_alloc();
    return content(bio.get());
}

class Block {
public:
    void line(std::string_view name, std::string_view value) {
        if (value.empty()) return;
        text_.append("    ").append(name).append(": ").append(value).append("\n");
    }
    void flag(std::string_view name, const std::optional<bool> &value) {
        line(name, !value ? "not stated" : *value ? "TRUE" : "FALSE");
    }
    const std::string &text() const { return text_; }

private:
    std::string text_ = "Attestation:\n";
};

// "non-FIPS" of "for non-FIPS mode", as the adapter's name has it; any other words as they are.
std::string_view mode_of(std::string_view words) {
    constexpr std::string_view before = "for ";
    constexpr std::string_view after = " mode";
    if (words.size() <= before.size() + after.size() || !words.starts_with(before) || !words.ends_with(after))
        return words;
    return words.substr(before.size(), words.size() - before.size() - after.size());
}

std::string attestation_text(const Report &report) {
    const auto &key = *report.key;
    Block block;
    block.line("Key ID", key.id);
    block.line("Key URL", report.kid);
    block.flag("Extractable", key.extractable);
    block.flag("Never Extractable", key.never_extractable);
    block.flag("Sensitive", key.sensitive);
    block.flag("Always Sensitive", key.always_sensitive);
    block.flag("Local", key.local);
    block.line("Generation Mechanism", key.created_by);
    block.line("HSM Serial", report.hsm->serial);
    block.line("HSM Partition", report.hsm->partition);
    block.line("HSM Mode", mode_of(report.hsm->fips_words));
    block.line("HSM Firmware", report.hsm->firmware_layout);
    block.line("HSM Root SHA256 Fingerprint", report.hsm->root_sha256);
    block.line("Owner", report.owner->pool);
    block.line("Owner Root SHA256 Fingerprint", report.owner->root_sha256);
    block.line("Owner Trust", owner_trust_name(report.owner->trust));
    block.line("Policy", report.policy);
    if (report.time) block.line("Verified For", time_text(*report.time));
    return block.text();
}

// A symmetric key has no other text.
std::string heading(const KeyFacts &key) { return key.type + " Secret-Key: (" + std::to_string(key.bits) + " bit)\n"; }

}  // namespace

std::string text_of(const AttestedKey &key) {
    const auto &report = key.attested->report;
    const auto public_key = public_key_of(key.context->libctx(), *key.attested);
    return (public_key ? key_text(public_key.get()) : heading(*report.key)) + attestation_text(report);
}

}  // namespace mhsm::provider
