#include "render_facts.h"

#include <algorithm>

#include "style.h"

namespace mhsm::cli {
namespace {

std::string yes_or_no(std::optional<bool> value) {
    if (!value) return "not stated by the HSM";
    return *value ? "yes" : "no";
}

std::string key_section(const KeyFacts &key) {
    Lines lines;
    const bool secret = key.type == "AES";
    lines.heading(secret ? "Secret key, as the HSM signed it" : "Private key, as the HSM signed it");
    lines.field("Type", key_words(key));
    lines.field("Name (CKA_ID)", key.id);
    lines.field("Label", key.label);
    lines.field("Extractable", yes_or_no(key.extractable));
    lines.field("Never extractable", yes_or_no(key.never_extractable));
    lines.field("Sensitive", yes_or_no(key.sensitive));
    lines.field("Always sensitive", yes_or_no(key.always_sensitive));
    lines.field("Local (made in HSM)", yes_or_no(key.local));
    lines.field("Creation mechanism", key.created_by.empty() ? "not stated by the HSM" : key.created_by);
    lines.field("Check value", key.check_value);
    return lines.text();
}

std::string hsm_section(const Report &report) {
    Lines lines;
    const auto &hsm = *report.hsm;
    lines.heading("HSM");
    lines.field("Adapter serial", hsm.serial);
    lines.field("Partition", hsm.partition);
    lines.field("FIPS words", hsm.fips_words.empty() ? "none" : concat({"\"", hsm.fips_words, "\""}));
    lines.field("Firmware layout", hsm.firmware_layout);
    lines.field("Root", hsm.root_subject);
    lines.field("Root SHA-256", hsm.root_sha256);
    return lines.text();
}

std::string trust_words(OwnerTrust trust) {
    switch (trust) {
        case OwnerTrust::pinned: return "pinned";
        case OwnerTrust::tls: return "fetched from the pool over verified TLS";
        case OwnerTrust::unauthenticated: break;
    }
    return "not authenticated: anybody can make such a root";
}

std::string pool_section(const Report &report) {
    Lines lines;
    lines.heading("Pool");
    lines.field("Name", report.owner->pool);
    lines.field("Root SHA-256", report.owner->root_sha256);
    lines.field("Root trust", trust_words(report.owner->trust));
    return lines.text();
}

void certificate_dates(Lines &lines, const Report &report) {
    for (const std::string_view role : {"hsm-root", "adapter", "partition", "pool-root", "owner-partition"}) {
        const auto *certificate = find_role(report, role);
        if (certificate == nullptr) continue;
        lines.field(role, concat({utc_time(certificate->not_before), " to ", utc_time(certificate->not_after)}));
    }
}

std::string dates_section(const Report &report) {
    Lines lines;
    lines.heading("Dates");
    certificate_dates(lines, report);
    lines.field("Dates checked for", report.time ? utc_time(*report.time) : "no time: dates were not checked");
    lines.field("Freshness", "not claimed; evidence carries no nonce");
    return lines.text();
}

std::string service_section(const Report &report) {
    Lines lines;
    const auto &claims = report.service;
    const auto flag = [](std::optional<bool> value) { return value ? (*value ? "yes" : "no") : ""; };
    const auto date = [](std::optional<std::int64_t> value) { return value ? utc_time(*value) : std::string(); };
    lines.field("URL (key.kid)", report.kid);
    lines.field("Created", date(claims.created));
    lines.field("Updated", date(claims.updated));
    lines.field("Enabled", flag(claims.enabled));
    lines.field("Exportable", flag(claims.exportable));
    lines.field("Not before", date(claims.not_before));
    lines.field("Expires", date(claims.expires));
    lines.field("Recovery level", claims.recovery_level.value_or(""));
    if (lines.text().empty()) return {};
    return concat({"Service claims (as the service states, unsigned):\n", lines.text()});
}

}  // namespace

std::string key_words(const KeyFacts &key) {
    if (!key.curve.empty()) return concat({key.type, " ", key.curve});
    return concat({key.type, "-", std::to_string(key.bits)});
}

const CertificateFacts *find_role(const Report &report, std::string_view role) {
    const auto found = std::find_if(report.certificates.begin(), report.certificates.end(),
                                    [role](const CertificateFacts &facts) { return facts.role == role; });
    return found == report.certificates.end() ? nullptr : &*found;
}

std::string render_facts(const Report &report) {
    std::string text;
    if (verdict(report) != Verdict::verified && (report.key || report.hsm || report.owner))
        text += "The facts below are NOT VERIFIED.\n";
    if (report.key) text += key_section(*report.key);
    if (report.hsm) text += hsm_section(report);
    if (report.owner) text += pool_section(report);
    if (!report.certificates.empty()) text += dates_section(report);
    text += service_section(report);
    return text;
}

}  // namespace mhsm::cli
