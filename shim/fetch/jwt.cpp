#include "jwt.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>

#include "core/json_writer.h"
#include "error.h"
#include "text.h"

namespace mhsm::fetch {
namespace {

using Pkcs12Ptr = std::unique_ptr<PKCS12, Deleter<PKCS12_free>>;

constexpr std::time_t assertion_lifetime = 600;

[[noreturn]] void failed(std::string text) { throw Error(MHSM_FETCH_CREDENTIAL_FAILED, std::move(text)); }

// libcrypto asks for the password of an encrypted private key.
int give_password(char *buffer, int size, int, void *arg) {
    const auto password = static_cast<const Secret *>(arg)->view();
    if (size < 0 || password.size() > static_cast<std::size_t>(size)) return -1;
    std::copy(password.begin(), password.end(), buffer);
    return static_cast<int>(password.size());
}

Identity parse_pem(std::string_view bytes, const Secret &password) {
    Identity identity;
    // Two passes, as either may come first; reading one kind skips the other.
    const auto for_key = memory_bio(as_bytes(bytes));
    auto *user = const_cast<Secret *>(&password);  // NOLINT(cppcoreguidelines-pro-type-const-cast): libcrypto's signature
    identity.key.reset(PEM_read_bio_PrivateKey(for_key.get(), nullptr, give_password, user));
    // The certificate of the key among those of its chain.
    const auto for_certificates = memory_bio(as_bytes(bytes));
    while (auto certificate = X509Ptr(PEM_read_bio_X509(for_certificates.get(), nullptr, nullptr, nullptr)))
        if (identity.key != nullptr && X509_check_private_key(certificate.get(), identity.key.get()) == 1) {
            identity.certificate = std::move(certificate);
            break;
        }
    return identity;
}

Identity parse_pkcs12(std::string_view bytes, const Secret &password) {
    Identity identity;
    const auto source = memory_bio(as_bytes(bytes));
    const Pkcs12Ptr container(d2i_PKCS12_bio(source.get(), nullptr));
    EVP_PKEY *key = nullptr;
    X509 *certificate = nullptr;
    if (container == nullptr || PKCS12_parse(container.get(), password.c_str(), &key, &certificate, nullptr) != 1)
        return identity;
    identity.key.reset(key);
    identity.certificate.reset(certificate);
    return identity;
}

std::string random_id() {
    std::array<std::uint8_t, 16> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        failed("no random numbers for the client assertion");
    return hex(bytes);
}

std::string header_of(const X509 *certificate) {
    const auto fingerprint = sha256(nullptr, certificate_der(certificate));
    if (!fingerprint) failed("OpenSSL offers no SHA-256 for the client assertion");
    const auto header = make_object();
    put(header.get(), "alg", "PS256");
    put(header.get(), "typ", "JWT");
    put(header.get(), "x5t#S256", base64url(*fingerprint));
    return to_text(header.get(), false);
}

std::string payload_of(std::string_view client_id, std::string_view audience, std::time_t now) {
    const auto payload = make_object();
    put(payload.get(), "aud", audience);
    put(payload.get(), "iss", client_id);
    put(payload.get(), "sub", client_id);
    put(payload.get(), "jti", random_id());
    put_number(payload.get(), "nbf", static_cast<double>(now));
    put_number(payload.get(), "exp", static_cast<double>(now + assertion_lifetime));
    return to_text(payload.get(), false);
}

Bytes signature_ps256(EVP_PKEY *key, std::string_view text) {
    const EvpMdCtxPtr context(EVP_MD_CTX_new());
    EVP_PKEY_CTX *options = nullptr;  // owned by `context`
    std::size_t size = 0;
    const auto bytes = as_bytes(text);
    if (context == nullptr ||
        EVP_DigestSignInit_ex(context.get(), &options, "SHA256", nullptr, nullptr, key, nullptr) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
        EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, bytes.data(), bytes.size()) != 1)
        failed("the client certificate's key cannot sign with RSA-PSS");
    Bytes signature(size);
    if (EVP_DigestSign(context.get(), signature.data(), &size, bytes.data(), bytes.size()) != 1)
        failed("the client certificate's key cannot sign with RSA-PSS");
    signature.resize(size);
    return signature;
}

}  // namespace

Identity parse_identity(std::string_view bytes, const Secret &password, const std::string &where) {
    const ErrorScope scope;
    const bool pem = bytes.find("-----BEGIN ") != std::string_view::npos;
    auto identity = pem ? parse_pem(bytes, password) : parse_pkcs12(bytes, password);
    if (identity.key == nullptr)
        failed(concat(
            {where, ": no private key in it, or AZURE_CLIENT_CERTIFICATE_PASSWORD is wrong; expected a PEM file with ",
             "certificate and private key, or PKCS#12"}));
    if (identity.certificate == nullptr)
        failed(concat({where, ": no certificate in it that belongs to its private key"}));
    if (EVP_PKEY_is_a(identity.key.get(), "RSA") != 1)
        failed(concat({where, ": the private key is not RSA; Entra ID wants RSA"}));
    return identity;
}

std::string base64url(ByteView bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const auto size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char *>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    while (text.ends_with('=')) text.pop_back();
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    return text;
}

Secret client_assertion(const Identity &identity, std::string_view client_id, std::string_view audience,
                        std::time_t now) {
    const ErrorScope scope;
    Secret assertion{base64url(as_bytes(header_of(identity.certificate.get()))), ".",
                     base64url(as_bytes(payload_of(client_id, audience, now)))};
    const auto signature = base64url(signature_ps256(identity.key.get(), assertion.view()));
    assertion.append(".");
    assertion.append(signature);
    return assertion;
}

}  // namespace mhsm::fetch
