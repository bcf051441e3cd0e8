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

Outcome check_version(const Located &found) {
    if (found.count == 0)
        return Outcome::fail(Reason::attestation_missing, "evidence",
                             "looked for attributes.attestation and attestation");
    if (found.count > 1) return Outcome::fail(Reason::attestation_ambiguous, "evidence", "");
    const auto *version = json_member(found.attestation, "version");
    if (version == nullptr) return Outcome::fail(Reason::version_missing, "attestation", "expected MRVL-1");
    const char *text = json_string(version);
    if (text == nullptr) return Outcome::fail(Reason::version_not_string, "attestation", "expected \"MRVL-1\"");
    if (std::string_view(text) != "MRVL-1")
        return Outcome::fail(Reason::version_unsupported, "attestation", std::string("expected MRVL-1, found ") + text);
    return Outcome::pass("attestation", "MRVL-1");
}

std::optional<std::string> text_member(const cJSON *object, const char *name) {
    const char *text = json_string(json_member(object, name));
    return text != nullptr ? std::optional<std::string>(text) : std::nullopt;
}

void read_key(const cJSON *root, Evidence &evidence) {
    const auto *key = json_member(root, "key");
    evidence.bare = key == nullptr || cJSON_IsNull(key) != 0;
    if (cJSON_IsObject(key) == 0) return;
    JsonWebKey jwk;
    jwk.kid = text_member(key, "kid");
    jwk.kty = text_member(key, "kty");
    jwk.n = text_member(key, "n");
    jwk.e = text_member(key, "e");
    jwk.crv = text_member(key, "crv");
    jwk.x = text_member(key, "x");
    jwk.y = text_member(key, "y");
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

void read_service_claims(const cJSON *attributes, ServiceClaims &claims) {
    claims.enabled = flag_member(attributes, "enabled");
    claims.exportable = flag_member(attributes, "exportable");
    claims.created = time_member(attributes, "created");
    claims.updated = time_member(attributes, "updated");
    claims.not_before = time_member(attributes, "nbf");
    claims.expires = time_member(attributes, "exp");
    claims.recovery_level = text_member(attributes, "recoveryLevel");
}

// Decodes one base64url member into `target`; passes if it is absent and `optional`.
Outcome decode_member(const cJSON *attestation, const char *name, bool optional, std::optional<Bytes> &target) {
    const auto *item = json_member(attestation, name);
    if (item == nullptr || (optional && cJSON_IsNull(item) != 0))
        return optional ? Outcome::pass() : Outcome::fail(Reason::field_missing, name, "");
    const char *text = json_string(item);
    if (text == nullptr) return Outcome::fail(Reason::field_not_string, name, "");
    if (*text == '\0') return Outcome::fail(Reason::field_bad_base64url, name, "it is empty");
    auto decoded = base64url_decode(text);
    if (!decoded) return Outcome::fail(decoded.failure().reason, name, decoded.failure().detail);
    target = std::move(*decoded);
    return Outcome::pass();
}

Outcome check_fields(const cJSON *attestation, Evidence &evidence) {
    struct Field {
        const char *name;
        bool optional;
        std::optional<Bytes> &target;
    };
    Outcome first_problem = Outcome::pass("attestation");
    for (const Field &field : {Field{member_private, false, evidence.private_attestation},
                               Field{member_public, true, evidence.public_attestation},
                               Field{member_certificates, false, evidence.certificates}}) {
        auto outcome = decode_member(attestation, field.name, field.optional, field.target);
        if (!outcome.passed() && first_problem.passed()) first_problem = std::move(outcome);
    }
    return first_problem;
}

}  // namespace

DecodedEvidence decode_evidence(ByteView json) {
    DecodedEvidence decoded;
    decoded.json = decoded.version = decoded.fields = Outcome::blocked("the evidence could not be read");
    const auto root = parse_json_object(json);
    if (!root) {
        decoded.json = Outcome::fail(root.failure());
        return decoded;
    }
    const auto found = locate(root->get());
    decoded.json = check_path(found);
    if (!decoded.json.passed()) return decoded;
    decoded.json.subject = "evidence";

    decoded.version = check_version(found);
    if (!decoded.version.passed()) return decoded;
    read_key(root->get(), decoded.evidence);
    read_service_claims(found.attributes, decoded.evidence.service);
    decoded.fields = check_fields(found.attestation, decoded.evidence);
    return decoded;
}

std::optional<bool> is_asymmetric(const std::optional<JsonWebKey> &key) {
    if (!key || !key->kty) return std::nullopt;
    if (*key->kty == "RSA-HSM" || *key->kty == "EC-HSM") return true;
    if (*key->kty == "oct-HSM") return false;
    return std::nullopt;
}

}  // namespace mhsm
