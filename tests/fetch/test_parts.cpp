// Challenges, retries, errors of the service, tokens and assertions.
#include <openssl/rsa.h>

#include "authorizer.h"
#include "challenge.h"
#include "core/base64url.h"
#include "fetch_checks.h"
#include "jwt.h"
#include "retry.h"
#include "service_error.h"
#include "token.h"

using namespace mhsm;
using namespace mhsm::fetch;

namespace {

const Origin pool{"contoso.managedhsm.azure.net", 443};

Challenge challenge_of(std::string_view header, const Origin &service = pool) {
    return read_challenge({header}, service);
}

}  // namespace

TEST(challenges_in_their_spellings) {
    for (
        const auto *header :
        {R"(Bearer authorization="https://login.microsoftonline.com/tenant-1", resource="https://managedhsm.azure.net")",
         R"(bearer  AUTHORIZATION_URI = "https://login.microsoftonline.com/tenant-1/" , scope="https://managedhsm.azure.net/.default")",
         R"(Basic realm="a, Bearer b=\"c", Bearer resource=https://managedhsm.azure.net,authorization=https://login.microsoftonline.com/tenant-1)",
         R"(Negotiate, Bearer authorization="https://login.microsoftonline.com/tenant-1/oauth2/authorize",resource="https://managedhsm.azure.net")"}) {
        const mhsm::test::Context row(header);
        const auto challenge = challenge_of(header);
        CHECK_EQ(challenge.authority.text(), "https://login.microsoftonline.com");
        CHECK_EQ(challenge.tenant, "tenant-1");
        CHECK_EQ(challenge.audience, "https://managedhsm.azure.net");
    }
}

TEST(challenges_that_are_none) {
    for (const auto *header :
         {"", "Basic x=y", "Bearer", R"(Bearer authorization="https://login.microsoftonline.com/t")",
          R"(Bearer authorization="https://login.microsoftonline.com/t", resource="https://managedhsm.azure.net)",
          R"(Bearer authorization="https://login.microsoftonline.com/a b", resource="https://managedhsm.azure.net")",
          R"(Bearer authorization="https://login.microsoftonline.com/..", resource="https://managedhsm.azure.net")"}) {
        const mhsm::test::Context row(header);
        CHECK_FETCH_ERROR(challenge_of(header), MHSM_FETCH_CHALLENGE_REFUSED);
    }
}

TEST(audience_of_an_allowed_host_is_its_own_domain) {
    const auto for_audience = [](const char *audience, const Origin &service) {
        return challenge_of(
            std::string(R"(Bearer authorization="https://login.microsoftonline.us/t", resource=")") + audience + "\"",
            service);
    };
    CHECK_EQ(for_audience("https://example.org", {"hsm.example.org", 8443}).audience, "https://example.org");
    CHECK_EQ(for_audience("https://hsm.example.org", {"hsm.example.org", 443}).audience, "https://hsm.example.org");
    CHECK_FETCH_ERROR(for_audience("https://org", {"hsm.example.org", 443}), MHSM_FETCH_CHALLENGE_REFUSED);
    CHECK_FETCH_ERROR(for_audience("https://ample.org", {"hsm.example.org", 443}), MHSM_FETCH_CHALLENGE_REFUSED);
    CHECK_FETCH_ERROR(for_audience("https://0.0.1", {"127.0.0.1", 443}), MHSM_FETCH_CHALLENGE_REFUSED);
}

TEST(retry_after_in_both_forms) {
    CHECK_EQ(retry_after("7", 0)->count(), 7000);
    CHECK_EQ(retry_after("0", 0)->count(), 0);
    CHECK_EQ(retry_after("99999", 0)->count(), longest_pause.count());
    CHECK_EQ(retry_after("99999999999999999999", 0)->count(), longest_pause.count());
    CHECK_EQ(retry_after("Thu, 01 Jan 1970 00:01:40 GMT", 90)->count(), 10000);
    CHECK_EQ(retry_after("Thu, 01 Jan 1970 00:01:40 GMT", 900)->count(), 0);
    CHECK(!retry_after("", 0));
    CHECK(!retry_after("soon", 0));
    CHECK(!retry_after("-1", 0));
}

TEST(backoff_grows_and_is_bounded) {
    for (unsigned attempt = 1; attempt < 200; ++attempt)
        for (const std::uint32_t random : {0U, 12345U, 0xffffffffU}) {
            CHECK(backoff(attempt, random) <= longest_pause);
            CHECK(backoff(attempt, random).count() >= 250);
        }
    CHECK(backoff(1, 0xffffffffU).count() <= 500);
    CHECK(backoff(5, 0).count() >= 4000);
}

TEST(messages_of_the_service) {
    CHECK_EQ(service_message(
                 R"({"error":{"code":"Forbidden","message":"no \u001b[2J","innererror":{"code":"ForbiddenByRbac"}}})"),
             "Forbidden (ForbiddenByRbac): no \\x1b[2J");
    CHECK_EQ(service_message(R"({"error":"invalid_client","error_description":"AADSTS7000215:\r\n wrong"})"),
             "invalid_client: AADSTS7000215: wrong");
    for (const auto *body : {"", "<html>", "[]", R"({"error":1})", R"({"error":{}})", R"({"a":1})"})
        CHECK_EQ(service_message(body), "");
    CHECK(service_message(R"({"error":{"code":"x","message":")" + std::string(9000, 'a') + "\"}}").size() < 400);
}

TEST(tokens_from_files_and_answers) {
    CHECK_EQ(parse_bearer(" a.b-c_d~e+f/g=\r\n")->value.view(), "a.b-c_d~e+f/g=");
    for (const std::string_view text : {"", " \n", "a b", "a\nb", "a\r\nX: y", "a\tb", "\xc3\xa4", "a\x7f"})
        CHECK(!parse_bearer(text));
    CHECK_EQ(parse_token_answer(R"({"access_token":"t","expires_in":60})", 1000)->expires, 1060);
    CHECK_EQ(parse_token_answer(R"({"access_token":"t","expires_in":"60"})", 1000)->expires, 1060);
    CHECK_EQ(parse_token_answer(R"({"access_token":"t","expires_on":"5000","expires_in":60})", 1000)->expires, 5000);
    CHECK_EQ(
        parse_token_answer(R"({"accessToken":"t","expiresOn":"2030-01-01 00:00:00","expires_on":5000})", 1)->expires,
        5000);
    for (const auto *json :
         {"", "{}", R"({"access_token":1})", R"({"access_token":"a b"})", R"({"access_token":"a","access_token":"b"})"})
        CHECK(!parse_token_answer(json, 0));
}

TEST(claims_are_told_but_not_trusted) {
    const auto token =
        parse_bearer("e30." + base64url(as_bytes(R"({"tid":"t\u001b","aud":"https://a","exp":12345})")) + ".c2ln");
    const auto claims = claims_of(*token);
    CHECK_EQ(claims.tenant, "t\\x1b");
    CHECK_EQ(claims.audience, "https://a");
    CHECK_EQ(claims.expires, 12345);
    CHECK(claims_of(*parse_bearer("opaque")).tenant.empty());
}

TEST(clocks_that_differ) {
    CHECK_EQ(clock_skew("Thu, 01 Jan 1970 00:10:00 GMT", 600), "");
    CHECK_CONTAINS(clock_skew("Thu, 01 Jan 1970 01:00:00 GMT", 600), "1970-01-01 00:10:00Z");
    CHECK_EQ(clock_skew("", 600), "");
}

TEST(an_assertion_verifies) {
    Identity identity;
    identity.key.reset(EVP_RSA_gen(2048));
    identity.certificate.reset(X509_new());
    ASN1_INTEGER_set(X509_get_serialNumber(identity.certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(identity.certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(identity.certificate.get()), 60);
    X509_set_pubkey(identity.certificate.get(), identity.key.get());
    CHECK(X509_sign(identity.certificate.get(), identity.key.get(), EVP_sha256()) > 0);
    const auto assertion = client_assertion(identity, "app", "https://login/t/token", 1000);
    const auto parts = split(assertion.view(), '.');
    CHECK_EQ(parts.size(), 3U);
    const auto header = base64url_decode(parts[0]);
    const auto payload = base64url_decode(parts[1]);
    CHECK_CONTAINS(as_text(*header), R"("alg":"PS256")");
    CHECK_CONTAINS(as_text(*header),
                   "x5t#S256\":\"" + base64url(*sha256(nullptr, certificate_der(identity.certificate.get()))));
    CHECK_CONTAINS(as_text(*payload), R"("aud":"https://login/t/token","iss":"app","sub":"app")");
    CHECK_CONTAINS(as_text(*payload), R"("exp":1600)");
    const auto signature = base64url_decode(parts[2]);
    const std::string signed_text(assertion.view().substr(0, parts[0].size() + 1 + parts[1].size()));
    const EvpMdCtxPtr context(EVP_MD_CTX_new());
    EVP_PKEY_CTX *options = nullptr;
    CHECK_EQ(EVP_DigestVerifyInit(context.get(), &options, EVP_sha256(), nullptr, identity.key.get()), 1);
    CHECK_EQ(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING), 1);
    CHECK_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, 32), 1);
    CHECK_EQ(EVP_DigestVerify(context.get(), signature->data(), signature->size(), as_bytes(signed_text).data(),
                              signed_text.size()),
             1);
}
