// From JSON text to decoded members: shapes, versions, fields.
#include "core/evidence.h"

#include <string>

#include "outcomes.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

// "cHJpdg" is priv, "cHVi" is pub, "UEVN" is PEM.
const std::string members =
    R"("privateKeyAttestation":"cHJpdg","publicKeyAttestation":"cHVi","certificatePemFile":"UEVN","version":"MRVL-1")";
const std::string attestation = "{" + members + "}";
const std::string key = R"({"kid":"https://p.managedhsm.azure.net/keys/k/1","kty":"RSA-HSM","n":"AQ","e":"AQAB"})";
const std::string whole = R"({"attributes":{"attestation":)" + attestation + R"(},"key":)" + key + "}";

DecodedEvidence decode(const std::string &json) { return decode_evidence(as_bytes(json)); }

std::string text_of(const std::optional<Bytes> &bytes) { return bytes ? std::string(as_text(*bytes)) : "no value"; }

void check_decodes(const std::string &json, bool bare) {
    const Context context(json);
    const auto decoded = decode(json);
    CHECK_PASSES(decoded.json);
    CHECK_PASSES(decoded.version);
    CHECK_PASSES(decoded.fields);
    CHECK_EQ(decoded.version.detail, "MRVL-1");
    CHECK_EQ(decoded.evidence.bare, bare);
    CHECK_EQ(decoded.evidence.key.has_value(), !bare);
    CHECK_EQ(text_of(decoded.evidence.private_attestation), "priv");
    CHECK_EQ(text_of(decoded.evidence.public_attestation), "pub");
    CHECK_EQ(text_of(decoded.evidence.certificates), "PEM");
}

// Decodes a bare attestation object with the given members.
DecodedEvidence decode_members(const std::string &text) { return decode("{" + text + "}"); }

void check_json_fails(const std::string &json, Reason reason, std::string_view subject, std::string_view detail) {
    const Context context(json);
    const auto decoded = decode(json);
    CHECK_FAILS(decoded.json, reason, subject, detail);
    CHECK_SKIPS(decoded.version, Reason::earlier_check_failed, false);
    CHECK_SKIPS(decoded.fields, Reason::earlier_check_failed, false);
    CHECK(!decoded.evidence.key && !decoded.evidence.private_attestation && !decoded.evidence.certificates);
}

void check_version_fails(const std::string &json, Reason reason, std::string_view subject, std::string_view detail) {
    const Context context(json);
    const auto decoded = decode(json);
    CHECK_PASSES(decoded.json);
    CHECK_FAILS(decoded.version, reason, subject, detail);
    CHECK_SKIPS(decoded.fields, Reason::earlier_check_failed, false);
    CHECK(!decoded.evidence.private_attestation && !decoded.evidence.key);
}

void check_field_fails(const std::string &text, Reason reason, std::string_view subject, std::string_view detail) {
    const Context context(text);
    const auto decoded = decode_members(text + R"(,"version":"MRVL-1")");
    CHECK_PASSES(decoded.version);
    CHECK_FAILS(decoded.fields, reason, subject, detail);
}

}  // namespace

TEST(the_three_shapes_are_accepted) {
    check_decodes(whole, false);
    check_decodes(attestation, true);
    check_decodes(R"({"attestation":)" + attestation + "}", true);
    check_decodes(R"({"attestation":)" + attestation + R"(,"key":)" + key + "}", false);
}

TEST(a_whole_answer_without_its_key_is_not_bare) {
    for (const std::string cut : {"}", R"(,"key":null})"}) {
        const auto decoded = decode(R"({"attributes":{"attestation":)" + attestation + "}" + cut);
        CHECK_PASSES(decoded.fields);
        CHECK(!decoded.evidence.bare && !decoded.evidence.key);
    }
}

TEST(unreadable_json_blocks_the_rest) {
    check_json_fails("", Reason::json_empty, "evidence", "");
    check_json_fails("[" + whole + "]", Reason::json_not_object, "evidence", "");
    check_json_fails(whole + whole, Reason::json_trailing_data, "evidence", "at byte");
    check_json_fails(whole.substr(0, whole.size() - 1), Reason::json_truncated, "evidence", "at byte");
}

TEST(duplicates_on_the_path_that_is_read_are_refused) {
    const auto inner = R"({"attestation":)" + attestation + "}";
    check_json_fails(R"({"attributes":)" + inner + R"(,"attributes":)" + inner + "}", Reason::json_duplicate_member,
                     "the outermost object", "attributes");
    check_json_fails(R"({"attributes":{"attestation":)" + attestation + R"(,"enabled":true,"enabled":false}})",
                     Reason::json_duplicate_member, "attributes", "enabled");
    check_json_fails(R"({"attributes":{"attestation":{)" + members + R"(,"version":"MRVL-1"}}})",
                     Reason::json_duplicate_member, "attestation", "version");
    check_json_fails("{" + members + R"(,"certificatePemFile":"UEVN"})", Reason::json_duplicate_member,
                     "the outermost object", "certificatePemFile");
    check_json_fails(R"({"key":{"n":"AQ","n":"AQ"},"attributes":)" + inner + "}", Reason::json_duplicate_member, "key",
                     "n");
}

TEST(duplicates_elsewhere_do_no_harm) {
    check_decodes(R"({"x":{"a":1,"a":2},"attributes":{"attestation":)" + attestation + R"(},"key":)" + key + "}",
                  false);
}

TEST(an_attestation_must_be_found_once) {
    const std::string where = "looked for attributes.attestation and attestation";
    check_version_fails("{}", Reason::attestation_missing, "evidence", where);
    check_version_fails(R"({"key":)" + key + R"(,"attributes":{"enabled":true}})", Reason::attestation_missing,
                        "evidence", where);
    check_version_fails(R"({"attributes":{"attestation":"x"}})", Reason::attestation_missing, "evidence", where);
    check_version_fails(R"({"attributes":[{"attestation":1}],"attestation":null})", Reason::attestation_missing,
                        "evidence", where);
    check_version_fails(R"({"attributes":{"attestation":)" + attestation + R"(},"attestation":)" + attestation + "}",
                        Reason::attestation_ambiguous, "evidence", "");
    check_version_fails(R"({"attestation":)" + attestation + "," + members + "}", Reason::attestation_ambiguous,
                        "evidence", "");
}

TEST(version_is_the_string_mrvl_1) {
    check_version_fails(R"({"privateKeyAttestation":"cHJpdg"})", Reason::version_missing, "attestation",
                        "expected MRVL-1");
    check_version_fails(R"({"privateKeyAttestation":"cHJpdg","version":1})", Reason::version_not_string, "attestation",
                        "expected \"MRVL-1\"");
    check_version_fails(R"({"certificatePemFile":"","version":null})", Reason::version_not_string, "attestation",
                        "expected \"MRVL-1\"");
    for (const std::string version : {"MRVL-2", "mrvl-1", "MRVL-1 ", " MRVL-1", "", "MRVL-10"})
        check_version_fails(R"({"certificatePemFile":"","version":")" + version + "\"}", Reason::version_unsupported,
                            "attestation", "expected MRVL-1, found " + version);
}

TEST(fields_must_be_there) {
    check_field_fails(R"("certificatePemFile":"UEVN")", Reason::field_missing, "privateKeyAttestation", "");
    check_field_fails(R"("privateKeyAttestation":"cHJpdg")", Reason::field_missing, "certificatePemFile", "");
    // Names are matched with their case.
    check_field_fails(R"("privatekeyattestation":"cHJpdg","certificatePemFile":"UEVN")", Reason::field_missing,
                      "privateKeyAttestation", "");
}

TEST(fields_must_be_strings) {
    check_field_fails(R"("privateKeyAttestation":1,"certificatePemFile":"UEVN")", Reason::field_not_string,
                      "privateKeyAttestation", "");
    check_field_fails(R"("privateKeyAttestation":null,"certificatePemFile":"UEVN")", Reason::field_not_string,
                      "privateKeyAttestation", "");
    check_field_fails(R"("privateKeyAttestation":"cHJpdg","certificatePemFile":["UEVN"])", Reason::field_not_string,
                      "certificatePemFile", "");
    check_field_fails(R"("privateKeyAttestation":"cHJpdg","publicKeyAttestation":{},"certificatePemFile":"UEVN")",
                      Reason::field_not_string, "publicKeyAttestation", "");
}

TEST(fields_must_be_strict_base64url) {
    check_field_fails(R"("privateKeyAttestation":"","certificatePemFile":"UEVN")", Reason::field_bad_base64url,
                      "privateKeyAttestation", "it is empty");
    check_field_fails(R"("privateKeyAttestation":"cH+p","certificatePemFile":"UEVN")", Reason::field_bad_base64url,
                      "privateKeyAttestation", "at offset 2");
    check_field_fails(R"("privateKeyAttestation":"cHJpdh","certificatePemFile":"UEVN")", Reason::field_bad_base64url,
                      "privateKeyAttestation", "stray bits");
    check_field_fails(R"("privateKeyAttestation":"cHJpdg","certificatePemFile":"UE\nVN")", Reason::field_line_breaks,
                      "certificatePemFile", "at offset 2");
    check_field_fails(R"("privateKeyAttestation":"cHJpdg","publicKeyAttestation":"","certificatePemFile":"UEVN")",
                      Reason::field_bad_base64url, "publicKeyAttestation", "it is empty");
}

TEST(the_first_bad_field_is_named_and_the_good_ones_are_kept) {
    const auto decoded = decode_members(
        R"("privateKeyAttestation":"*","publicKeyAttestation":"*","certificatePemFile":"UEVN","version":"MRVL-1")");
    CHECK_FAILS(decoded.fields, Reason::field_bad_base64url, "privateKeyAttestation", "at offset 0");
    CHECK(!decoded.evidence.private_attestation && !decoded.evidence.public_attestation);
    CHECK_EQ(text_of(decoded.evidence.certificates), "PEM");
}

TEST(the_public_attestation_may_be_absent_or_null_here) {
    const std::string rest = R"("privateKeyAttestation":"cHJpdg","certificatePemFile":"UEVN","version":"MRVL-1")";
    for (const auto &text : {rest, R"("publicKeyAttestation":null,)" + rest}) {
        const auto decoded = decode_members(text);
        CHECK_PASSES(decoded.fields);
        CHECK(!decoded.evidence.public_attestation.has_value());
    }
}

TEST(padding_is_accepted_in_fields) {
    const auto decoded =
        decode_members(R"("privateKeyAttestation":"cHJpdg==","certificatePemFile":"UEVN","version":"MRVL-1")");
    CHECK_PASSES(decoded.fields);
    CHECK_EQ(text_of(decoded.evidence.private_attestation), "priv");
}

TEST(key_members_are_read_as_given) {
    const auto decoded = decode(whole);
    const auto &jwk = *decoded.evidence.key;
    CHECK_EQ(jwk.kid, std::optional<std::string>("https://p.managedhsm.azure.net/keys/k/1"));
    CHECK_EQ(jwk.kty, std::optional<std::string>("RSA-HSM"));
    CHECK_EQ(jwk.n, std::optional<std::string>("AQ"));
    CHECK_EQ(jwk.e, std::optional<std::string>("AQAB"));
    CHECK(!jwk.crv && !jwk.x && !jwk.y && !jwk.has_secret);
}

TEST(key_members_of_the_wrong_type_are_absent) {
    const auto decoded = decode(R"({"attestation":)" + attestation +
                                R"(,"key":{"kid":1,"kty":null,"n":["AQ"],"crv":"P-256","x":"AA","y":"AA"}})");
    const auto &jwk = *decoded.evidence.key;
    CHECK(!jwk.kid && !jwk.kty && !jwk.n && !jwk.e);
    CHECK_EQ(jwk.crv, std::optional<std::string>("P-256"));
    CHECK(jwk.x && jwk.y);
}

TEST(a_key_that_is_no_object_is_not_a_bare_attestation) {
    for (const auto *text : {"\"x\"", "[]", "1", "true"}) {
        const auto decoded = decode(R"({"attestation":)" + attestation + R"(,"key":)" + text + "}");
        CHECK_PASSES(decoded.fields);
        CHECK(!decoded.evidence.bare && !decoded.evidence.key);
    }
}

TEST(a_key_that_is_null_is_absent) {
    const auto decoded = decode(R"({"attestation":)" + attestation + R"(,"key":null})");
    CHECK_PASSES(decoded.fields);
    CHECK(decoded.evidence.bare && !decoded.evidence.key);
}

TEST(members_of_the_attestation_that_are_null_do_not_make_one) {
    check_decodes(R"({"privateKeyAttestation":null,"certificatePemFile":null,"attestation":)" + attestation + "}",
                  true);
}

TEST(material_of_either_kind_is_noticed_whatever_its_type) {
    const auto with = [](const std::string &text) {
        return *decode(R"({"attestation":)" + attestation + R"(,"key":{)" + text + "}}").evidence.key;
    };
    for (const std::string name : {"n", "e", "crv", "x", "y"}) {
        const Context context(name);
        const bool rsa = name.size() == 1 && name < "x";
        for (const std::string value : {"\"AQ\"", "1", "{}"}) {
            CHECK_EQ(with("\"" + name + "\":" + value).has_rsa, rsa);
            CHECK_EQ(with("\"" + name + "\":" + value).has_ec, !rsa);
        }
        CHECK(!with("\"" + name + "\":null").has_rsa && !with("\"" + name + "\":null").has_ec);
    }
}

TEST(secret_members_are_noticed) {
    for (const std::string name : {"k", "d", "p", "q", "dp", "dq", "qi"}) {
        const auto with = [&](const std::string &value) {
            return decode(R"({"attestation":)" + attestation + R"(,"key":{")" + name + "\":" + value + "}}")
                .evidence.key;
        };
        CHECK(with("\"AQ\"")->has_secret);
        CHECK(with("1")->has_secret);
        CHECK(!with("null")->has_secret);
    }
}

TEST(service_claims_are_read_where_they_make_sense) {
    const auto decoded = decode(R"({"attributes":{"attestation":)" + attestation +
                                R"(,"enabled":true,"exportable":false,"created":1746685312,"updated":1746685313.9,)" +
                                R"("nbf":0,"exp":253402300799,"recoveryLevel":"Purgeable"}})");
    const auto &claims = decoded.evidence.service;
    CHECK_EQ(claims.enabled, std::optional(true));
    CHECK_EQ(claims.exportable, std::optional(false));
    CHECK_EQ(claims.created, std::optional<std::int64_t>(1746685312));
    CHECK_EQ(claims.updated, std::optional<std::int64_t>(1746685313));
    CHECK_EQ(claims.not_before, std::optional<std::int64_t>(0));
    CHECK_EQ(claims.expires, std::optional<std::int64_t>(253402300799));
    CHECK_EQ(claims.recovery_level, std::optional<std::string>("Purgeable"));
}

TEST(service_claims_out_of_range_are_left_out) {
    const auto decoded = decode(R"({"attributes":{"attestation":)" + attestation +
                                R"(,"enabled":"true","exportable":0,"created":-1,"updated":253402300800,)" +
                                R"("nbf":1e999,"exp":"1","recoveryLevel":7}})");
    const auto &claims = decoded.evidence.service;
    CHECK(!claims.enabled && !claims.exportable && !claims.created && !claims.updated && !claims.not_before &&
          !claims.expires && !claims.recovery_level);
}

TEST(kinds_of_keys_by_kty) {
    const auto kind = [](const char *kty) {
        JsonWebKey jwk;
        jwk.kty = kty;
        return is_asymmetric(jwk);
    };
    CHECK_EQ(kind("RSA-HSM"), std::optional(true));
    CHECK_EQ(kind("EC-HSM"), std::optional(true));
    CHECK_EQ(kind("oct-HSM"), std::optional(false));
    for (const auto *other : {"RSA", "EC", "oct", "rsa-hsm", "", "OKP-HSM"}) CHECK(!kind(other).has_value());
    CHECK(!is_asymmetric(JsonWebKey{}).has_value());
    CHECK(!is_asymmetric(std::nullopt).has_value());
}
