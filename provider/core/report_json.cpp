#include "report_json.h"

#include <openssl/pem.h>

#include <array>
#include <new>

#include "attributes.h"
#include "json_writer.h"

namespace mhsm {
namespace {

constexpr int schema_version = 1;

void put_time(cJSON *object, const char *name, const std::optional<std::int64_t> &time) {
    if (time) put(object, name, utc_time(*time));
}

void put_or_null(cJSON *object, const char *name, const std::string &text) {
    if (text.empty())
        put_null(object, name);
    else
        put(object, name, text);
}

std::string public_key_pem(const Bytes &der) {
    if (der.empty()) return {};
    const ErrorScope errors;
    const BioPtr bio(BIO_new(BIO_s_mem()));
    if (!bio || PEM_write_bio(bio.get(), PEM_STRING_PUBLIC, "", der.data(), static_cast<long>(der.size())) <= 0)
        throw std::bad_alloc();
    char *text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

void put_checks(cJSON *root, const Report &report) {
    cJSON *checks = put_array(root, "checks");
    for (const auto &check : report.checks) {
        const auto &outcome = check.outcome;
        cJSON *item = append_object(checks);
        put(item, "id", check.id);
        put(item, "status", status_name(outcome.status));
        put_bool(item, "required", std::optional(outcome.status != Status::skip || !outcome.allowed));
        put_unless_empty(item, "subject", outcome.subject);
        put_unless_empty(item, "detail", outcome.detail);
        if (outcome.reason == Reason::none) continue;
        put(item, "reason", reason_id(outcome.reason));
        put(item, "message", reason_text(outcome.reason));
        put_unless_empty(item, "remedy", reason_remedy(outcome.reason));
    }
}

void put_key(cJSON *root, const Report &report) {
    if (!report.key) {
        put_null(root, "key");
        return;
    }
    const auto &key = *report.key;
    cJSON *object = put_object(root, "key");
    put(object, "type", key.type);
    put_number(object, "bits", key.bits);
    put_unless_empty(object, "curve", key.curve);
    put(object, "id", key.id);
    put(object, "label", key.label);
    put(object, "check_value", key.check_value);
    put_unless_empty(object, "created_by", key.created_by);
    put_bool(object, "extractable", key.extractable);
    put_bool(object, "never_extractable", key.never_extractable);
    put_bool(object, "sensitive", key.sensitive);
    put_bool(object, "always_sensitive", key.always_sensitive);
    put_bool(object, "local", key.local);
    put_unless_empty(object, "public_key", public_key_pem(key.public_key.der()));
}

void put_hsm(cJSON *root, const Report &report) {
    if (!report.hsm) {
        put_null(root, "hsm");
        return;
    }
    cJSON *object = put_object(root, "hsm");
    put(object, "serial", report.hsm->serial);
    put(object, "partition", report.hsm->partition);
    put(object, "fips_words", report.hsm->fips_words);
    put(object, "firmware_layout", report.hsm->firmware_layout);
    put(object, "root_subject", report.hsm->root_subject);
    put(object, "root_sha256", report.hsm->root_sha256);
}

void put_owner(cJSON *root, const Report &report) {
    if (!report.owner) {
        put_null(root, "owner");
        return;
    }
    cJSON *object = put_object(root, "owner");
    put(object, "pool", report.owner->pool);
    put(object, "root_sha256", report.owner->root_sha256);
    put(object, "trust", owner_trust_name(report.owner->trust));
}

void put_certificates(cJSON *root, const Report &report) {
    cJSON *certificates = put_array(root, "certificates");
    for (const auto &certificate : report.certificates) {
        cJSON *item = append_object(certificates);
        put(item, "role", certificate.role);
        put(item, "subject", certificate.subject);
        put(item, "issuer", certificate.issuer);
        put(item, "sha256", certificate.sha256);
        put(item, "not_before", utc_time(certificate.not_before));
        put(item, "not_after", utc_time(certificate.not_after));
    }
}

void put_objects(cJSON *root, const Report &report) {
    cJSON *objects = put_array(root, "objects");
    for (const auto &object : report.objects) {
        cJSON *item = append_object(objects);
        put(item, "attestation", object.member);
        put(item, "class", object.object_class);
        put_number(item, "handle", object.handle);
        cJSON *attributes = put_array(item, "attributes");
        for (const auto &attribute : object.attributes) {
            cJSON *entry = append_object(attributes);
            put(entry, "type", attribute_number(attribute.type));
            put(entry, "name", attribute_name(attribute.type));
            put(entry, "value", render_value(attribute));
            if (attribute.value)
                put(entry, "hex", hex(*attribute.value));
            else
                put_null(entry, "hex");
        }
    }
}

void put_service_claims(cJSON *root, const ServiceClaims &service) {
    cJSON *claims = put_object(root, "service_claims");
    put_bool(claims, "unsigned", std::optional(true));
    put_bool(claims, "enabled", service.enabled);
    put_bool(claims, "exportable", service.exportable);
    put_time(claims, "created", service.created);
    put_time(claims, "updated", service.updated);
    put_time(claims, "not_before", service.not_before);
    put_time(claims, "expires", service.expires);
    if (service.recovery_level) put(claims, "recovery_level", *service.recovery_level);
}

void put_obstacle(cJSON *root, const Report &report) {
    const auto *obstacle = verdict(report) == Verdict::verified ? nullptr : first_obstacle(report);
    if (obstacle == nullptr) {
        put_null(root, "obstacle");
        return;
    }
    cJSON *object = put_object(root, "obstacle");
    put(object, "check", obstacle->id);
    put(object, "reason", reason_id(obstacle->outcome.reason));
}

}  // namespace

std::string report_json(const Report &report, bool pretty) {
    const auto root = make_object();
    put_number(root.get(), "version", schema_version);
    put(root.get(), "verdict", verdict(report) == Verdict::verified ? "verified" : "not verified");
    put_obstacle(root.get(), report);
    if (report.time)
        put(root.get(), "time", utc_time(*report.time));
    else
        put_null(root.get(), "time");
    put(root.get(), "policy", report.policy);
    put(root.get(), "owner_trust_required", owner_mode_name(report.owner_mode));
    put_or_null(root.get(), "evidence_sha256", report.evidence_sha256.text());
    put_or_null(root.get(), "kid", report.kid);
    put_checks(root.get(), report);
    put_key(root.get(), report);
    put_hsm(root.get(), report);
    put_owner(root.get(), report);
    put_certificates(root.get(), report);
    put_objects(root.get(), report);
    put_service_claims(root.get(), report.service);
    return to_text(root.get(), pretty);
}

}  // namespace mhsm
