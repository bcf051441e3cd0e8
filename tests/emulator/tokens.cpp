#include "tokens.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "json.h"

namespace emulator {
namespace {

using forge::base64url;
using forge::to_bytes;
using DigestContext = std::unique_ptr<EVP_MD_CTX, forge::Deleter<EVP_MD_CTX_free>>;

constexpr std::int64_t an_hour = 3600;

std::int64_t now() {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

bool same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

struct Jwt {
    std::string_view signed_part;
    std::string signature_text;
    Json header, payload;
    forge::Bytes signature;
};

std::optional<Jwt> parse_jwt(std::string_view token) {
    const auto first = token.find('.'), last = token.rfind('.');
    if (first == std::string_view::npos || first == last || token.find('.', first + 1) != last) return std::nullopt;
    const auto header = decode_base64url(token.substr(0, first));
    const auto payload = decode_base64url(token.substr(first + 1, last - first - 1));
    const auto signature = decode_base64url(token.substr(last + 1));
    if (!header || !payload || !signature) return std::nullopt;
    Jwt jwt{token.substr(0, last), std::string(token.substr(last + 1)), parse_json(forge::to_text(*header)),
            parse_json(forge::to_text(*payload)), *signature};
    if (!cJSON_IsObject(jwt.header.get()) || !cJSON_IsObject(jwt.payload.get())) return std::nullopt;
    return jwt;
}

bool names_audience(const cJSON *payload, std::string_view audience) {
    const cJSON *const found = cJSON_GetObjectItemCaseSensitive(payload, "aud");
    if (cJSON_IsString(found)) return found->valuestring == audience;
    for (const cJSON *item = found ? found->child : nullptr; item; item = item->next)
        if (cJSON_IsString(item) && item->valuestring == audience) return true;
    return false;
}

bool signed_with_ps256(const Jwt &jwt, const X509 &certificate) {
    const DigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX *details = nullptr;
    return context &&
           EVP_DigestVerifyInit(context.get(), &details, EVP_sha256(), nullptr, X509_get0_pubkey(&certificate)) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_DIGEST) == 1 &&
           EVP_DigestVerify(context.get(), jwt.signature.data(), jwt.signature.size(),
                            reinterpret_cast<const unsigned char *>(jwt.signed_part.data()),
                            jwt.signed_part.size()) == 1;
}

std::string value(const std::map<std::string, std::string> &form, const char *name) {
    const auto found = form.find(name);
    return found == form.end() ? "" : found->second;
}

Reply refusal(int status, const std::string &error, const std::string &description) {
    return {
        status, "{\"error\":" + forge::quoted(error) + ",\"error_description\":" + quote_json(description) + "}", {}};
}

}  // namespace

Tokens::Tokens(Application application) : application_(std::move(application)), secret_(32) {
    forge::require(RAND_bytes(secret_.data(), static_cast<int>(secret_.size())) == 1, "random bytes");
}

std::string Tokens::mac(std::string_view text) const {
    forge::Bytes result(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    forge::require(
        HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
             reinterpret_cast<const unsigned char *>(text.data()), text.size(), result.data(), &size) != nullptr,
        "HMAC");
    result.resize(size);
    return base64url(result);
}

bool Tokens::knows(const std::string &audience) const {
    const auto &known = application_.audiences;
    return std::find(known.begin(), known.end(), audience) != known.end();
}

std::string Tokens::issue(const std::string &audiences_json, std::int64_t lifetime, const std::string &tenant) const {
    const std::string payload = "{\"aud\":" + audiences_json + ",\"exp\":" + std::to_string(now() + lifetime) +
                                ",\"iss\":" + forge::quoted("https://sts.windows.net/" + tenant + "/") +
                                ",\"tid\":" + forge::quoted(tenant) +
                                ",\"appid\":" + forge::quoted(application_.client_id) + "}";
    const std::string text = base64url(to_bytes(R"({"alg":"HS256","typ":"JWT"})")) + "." + base64url(to_bytes(payload));
    return text + "." + mac(text);
}

std::string Tokens::defective(const std::string &audience, Defect defect) const {
    const std::string wanted = quote_json(audience);
    switch (defect) {
        case Defect::audience: return issue(forge::quoted("https://vault.azure.net"), an_hour, application_.tenant);
        case Defect::expired: return issue(wanted, -an_hour, application_.tenant);
        case Defect::tenant: return issue(wanted, an_hour, "00000000-0000-4000-8000-000000000000");
        case Defect::none: break;
    }
    return issue(wanted, an_hour, application_.tenant);
}

std::string Tokens::for_people() const {
    constexpr std::int64_t a_year = 365 * 24 * an_hour;
    std::string audiences;
    for (const auto &audience : application_.audiences)
        audiences += (audiences.empty() ? "" : ",") + forge::quoted(audience);
    return issue("[" + audiences + "]", a_year, application_.tenant);
}

std::string Tokens::objection(std::string_view authorization, std::string_view audience) const {
    constexpr std::string_view scheme = "Bearer ";
    if (!authorization.starts_with(scheme)) return "no bearer token";
    const auto jwt = parse_jwt(authorization.substr(scheme.size()));
    if (!jwt) return "the token is not a JWT";
    if (!same(jwt->signature_text, mac(jwt->signed_part))) return "the signature of the token is invalid";
    if (text_member(jwt->payload.get(), "tid") != application_.tenant) return "the token is of another tenant";
    if (!names_audience(jwt->payload.get(), audience)) return "the audience of the token is invalid";
    if (number_member(jwt->payload.get(), "exp") <= static_cast<double>(now())) return "the token has expired";
    return {};
}

std::string Tokens::assertion_objection(std::string_view assertion, const std::string &endpoint) const {
    if (same(assertion, application_.federated_token)) return {};
    const auto jwt = parse_jwt(assertion);
    if (!jwt) return "AADSTS50027: the assertion is not a JWT.";
    if (text_member(jwt->header.get(), "alg") != "PS256") return "AADSTS700027: the algorithm must be PS256.";
    if (text_member(jwt->header.get(), "x5t#S256") != thumbprint(*application_.certificate))
        return "AADSTS700027: the certificate with this x5t#S256 is not registered on the application.";
    if (!signed_with_ps256(*jwt, *application_.certificate))
        return "AADSTS700027: the signature of the assertion is invalid.";
    if (!names_audience(jwt->payload.get(), endpoint))
        return "AADSTS700023: the audience of the assertion is not " + endpoint + ".";
    const std::string issuer = text_member(jwt->payload.get(), "iss");
    if (issuer != application_.client_id || text_member(jwt->payload.get(), "sub") != issuer)
        return "AADSTS700021: iss and sub of the assertion must be the client.";
    if (text_member(jwt->payload.get(), "jti").empty()) return "AADSTS700027: the assertion has no jti.";
    if (number_member(jwt->payload.get(), "exp") <= static_cast<double>(now()))
        return "AADSTS700024: the assertion has expired.";
    return {};
}

Reply Tokens::grant(const std::map<std::string, std::string> &form, const std::string &tenant,
                    const std::string &endpoint, Defect defect) const {
    if (tenant != application_.tenant)
        return refusal(400, "invalid_request", "AADSTS90002: Tenant '" + tenant + "' not found.");
    if (value(form, "grant_type") != "client_credentials")
        return refusal(400, "unsupported_grant_type", "AADSTS70003: the grant type must be client_credentials.");
    if (value(form, "client_id") != application_.client_id)
        return refusal(400, "unauthorized_client", "AADSTS700016: the application was not found in the directory.");
    if (form.contains("client_assertion")) {
        if (value(form, "client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            return refusal(400, "invalid_request", "AADSTS900144: client_assertion_type is missing or unknown.");
        const auto reason = assertion_objection(value(form, "client_assertion"), endpoint);
        if (!reason.empty()) return refusal(401, "invalid_client", reason);
    } else if (!same(value(form, "client_secret"), application_.client_secret)) {
        return refusal(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.");
    }
    constexpr std::string_view suffix = "/.default";
    const std::string scope = value(form, "scope");
    const std::string audience = scope.ends_with(suffix) ? scope.substr(0, scope.size() - suffix.size()) : "";
    if (!knows(audience)) return refusal(400, "invalid_scope", "AADSTS70011: the scope " + scope + " is not valid.");
    return {200,
            "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"ext_expires_in\":3599,\"access_token\":" +
                forge::quoted(defective(audience, defect)) + "}",
            {}};
}

Reply Tokens::grant_identity(const std::string &resource, Defect defect) const {
    if (!knows(resource))
        return refusal(400, "invalid_resource", "AADSTS500011: the resource " + resource + " was not found.");
    return {200,
            "{\"access_token\":" + forge::quoted(defective(resource, defect)) +
                ",\"client_id\":" + forge::quoted(application_.client_id) +
                ",\"expires_in\":\"3599\",\"expires_on\":" + forge::quoted(std::to_string(now() + an_hour)) +
                ",\"resource\":" + forge::quoted(resource) + ",\"token_type\":\"Bearer\"}",
            {}};
}

}  // namespace emulator
