#include "evidence.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "base64url.h"

namespace mhsm {
namespace {

constexpr const char *member_private = "privateKeyAttestation";
constexpr const char *member_public = "publicKeyAttestation";
constexpr const char *member_certificates = "certificatePemFile";

bool is_present(const cJSON *item) { return item != nullptr && cJSON_IsNull(item) == 0; }

struct Located {
    const cJSON *answer = nullptr;       // the outermost object
    const cJSON *attributes = nullptr;   // null unless a whole answer
    const cJSON *attestation = nullptr;  // null if there is none
    std::size_t count = 0;               // attestation objects found
};

// The three accepted shapes; finding two of them in one text is left to the caller to refuse.
Located locate(const cJSON *root) {
    Located found{root, json_member(root, "attributes"), nullptr, 0};
    const auto consider = [&found](const cJSON *item) {
        if (cJSON_IsObject(item) == 0) return;
        found.attestation = item;
        ++found.count;
    };
    consider(json_member(found.attributes, "attestation"));
    consider(json_member(root, "attestation"));
    if (is_present(json_member(root, member_private)) || is_present(json_member(root, member_certificates)))
        consider(root);
    return found;
}

// Duplicates anywhere on the path that is read: two readers must not see two different keys.
Outcome check_path(const Located &found) {
    struct Step {
        const cJSON *object;
        const char *name;
    };
    const auto steps = std::to_array<Step>({{found.answer, "the outermost object"},
                                            {found.attributes, "attributes"},
                                            {found.attestation, "attestation"},
                                            {json_member(found.answer, "key"), "key"}});
    for (const auto &step : steps) {
        if (cJSON_IsObject(step.object) == 0) continue;
        auto unique = check_unique_members(step.object, step.name);
        if (!unique.passed()) return unique;
    }
    return Outcome::pass();
}

Outcome check_version(const JsonDocument &document, const Located &found) {
    if (found.count == 0)
        return Outcome::fail(Reason::attestation_missing, "evidence",
                             "looked for attributes.attestation and attestation");
    if (found.count > 1) return Outcome::fail(Reason::attestation_ambiguous, "evidence", "");
    const auto *version = json_member(found.attestation, "version");
    if (version == nullptr) return Outcome::fail(Reason::version_missing, "attestation", "expected MRVL-1");
    const auto text = document.string(version);
    if (!text) return Outcome::fail(Reason::version_not_string, "attestation", "expected \"MRVL-1\"");
    if (*text != "MRVL-1")
        return Outcome::fail(Reason::version_unsupported, "attestation",
                             "expected MRVL-1, found " + std::string(*text));
    return Outcome::pass("attestation", "MRVL-1");
}

std::optional<std::string> text_member(const JsonDocument &document, const cJSON *object, const char *name) {
    const auto text = document.string(json_member(object, name));
    return text ? std::optional<std::string>(*text) : std::nullopt;
}

void read_key(const JsonDocument &document, const Located &found, Evidence &evidence) {
    const auto *key = json_member(document.root(), "key");
    // A whole answer always has a key: one without was cut, and is not bare.
    evidence.bare = !is_present(key) && !is_present(found.attributes);
    if (cJSON_IsObject(key) == 0) return;
    JsonWebKey jwk;
    jwk.kid = text_member(document, key, "kid");
    jwk.kty = text_member(document, key, "kty");
    jwk.n = text_member(document, key, "n");
    jwk.e = text_member(document, key, "e");
    jwk.crv = text_member(document, key, "crv");
    jwk.x = text_member(document, key, "x");
    jwk.y = text_member(document, key, "y");
    const auto any_present = [key](std::initializer_list<const char *> names) {
        return std::any_of(names.begin(), names.end(),
                           [key](const char *name) { return is_present(json_member(key, name)); });
    };
    jwk.has_secret = any_present({"k", "d", "p", "q", "dp", "dq", "qi"});
    jwk.has_rsa = any_present({"n", "e"});
    jwk.has_ec = any_present({"crv", "x", "y"});
    evidence.key = std::move(jwk);
}

std::optional<bool> flag_member(const cJSON *object, const char *name) {
    const auto *item = json_member(object, name);
    return cJSON_IsBool(item) != 0 ? std::optional<bool>(cJSON_IsTrue(item) != 0) : std::nullopt;
}

std::optional<std::int64_t> time_member(const cJSON *object, const char *name) {
    const auto *item = json_member(object, name);
    constexpr double year_9999 = 253402300799.0;
    if (cJSON_IsNumber(item) == 0 || !(item->valuedouble >= 0 && item->valuedouble <= year_9999)) return std::nullopt;
    return static_cast<std::int64_t>(item->valuedouble);
}

void read_service_claims(const JsonDocument &document, const cJSON *attributes, ServiceClaims &claims) {
    claims.enabled = flag_member(attributes, "enabled");
    claims.exportable = flag_member(attributes, "exportable");
    claims.created = time_member(attributes, "created");
    claims.updated = time_member(attributes, "updated");
    claims.not_before = time_member(attributes, "nbf");
    claims.expires = time_member(attributes, "exp");
    claims.recovery_level = text_member(document, attributes, "recoveryLevel");
}

// The text of one base64url member; none if it is absent and `optional`.
Result<std::optional<std::string_view>> encoded_member(const JsonDocument &document, const cJSON *attestation,
                                                       const char *name, bool optional) {
    const auto *item = json_member(attestation, name);
    if (optional && !is_present(item)) return std::optional<std::string_view>{};
    if (item == nullptr) return Failure{Reason::field_missing, name, ""};
    const auto text = document.string(item);
    if (!text) return Failure{Reason::field_not_string, name, ""};
    if (text->empty()) return Failure{Reason::field_bad_base64url, name, "it is empty"};
    return text;
}

Outcome decode_member(std::string_view text, const char *name, std::optional<Bytes> &target) {
    auto decoded = base64url_decode(text);
    if (!decoded) return Outcome::fail(decoded.failure().reason, name, decoded.failure().detail);
    target = std::move(*decoded);
    return Outcome::pass();
}

Outcome check_fields(const JsonDocument &document, const cJSON *attestation, const KnownCertificates &known,
                     Evidence &evidence) {
    struct Field {
        const char *name;
        bool optional;
        std::optional<Bytes> &target;
    };
    Outcome first_problem = Outcome::pass("attestation");
    for (const Field &field : {Field{member_private, false, evidence.private_attestation},
                               Field{member_public, true, evidence.public_attestation},
                               Field{member_certificates, false, evidence.certificates}}) {
        const auto text = encoded_member(document, attestation, field.name, field.optional);
        auto outcome = text ? Outcome::pass() : Outcome::fail(text.failure());
        const bool certificates = &field.target == &evidence.certificates;
        if (text && *text && !(certificates && known && known(**text)))
            outcome = decode_member(**text, field.name, field.target);
        if (!outcome.passed() && first_problem.passed()) first_problem = std::move(outcome);
    }
    return first_problem;
}

}  // namespace

DecodedEvidence decode_evidence(ByteView json, const KnownCertificates &known) {
    DecodedEvidence decoded;
    decoded.json = decoded.version = decoded.fields = Outcome::blocked("the evidence could not be read");
    const auto document = parse_json_document(json);
    if (!document) {
        decoded.json = Outcome::fail(document.failure());
        return decoded;
    }
    const auto found = locate(document->root());
    decoded.json = check_path(found);
    if (!decoded.json.passed()) return decoded;
    decoded.json.subject = "evidence";

    decoded.version = check_version(*document, found);
    if (!decoded.version.passed()) return decoded;
    read_key(*document, found, decoded.evidence);
    read_service_claims(*document, found.attributes, decoded.evidence.service);
    decoded.fields = check_fields(*document, found.attestation, known, decoded.evidence);
    return decoded;
}

std::optional<bool> is_asymmetric(const std::optional<JsonWebKey> &key) {
    if (!key || !key->kty) return std::nullopt;
    if (*key->kty == "RSA-HSM" || *key->kty == "EC-HSM") return true;
    if (*key->kty == "oct-HSM") return false;
    return std::nullopt;
}

}  // namespace mhsm
