#include "shim/fetch/assertion.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "core/json_writer.h"
#include "shim/fetch/credential.h"

namespace mhsm::fetch {
namespace {

constexpr std::int64_t lifetime = 600;  // seconds

using Pkcs12Ptr = std::unique_ptr<PKCS12, Deleter<PKCS12_free>>;

// The passphrase of a PEM key; without one, a key that is encrypted is an error and not a question on the terminal.
int give_password(char *buffer, int size, int, void *user) {
    const auto password = static_cast<const Secret *>(user)->view();
    if (password.empty() || password.size() > static_cast<std::size_t>(size)) return -1;
    password.copy(buffer, password.size());
    return static_cast<int>(password.size());
}

ClientCertificate from_pem(OSSL_LIB_CTX *libctx, std::string_view content, const Secret &password) {
    ClientCertificate client;
    auto *user =
        const_cast<Secret *>(&password);  // NOLINT(cppcoreguidelines-pro-type-const-cast): libcrypto's signature
    if (const auto bio = memory_bio(as_bytes(content)))
        client.key.reset(PEM_read_bio_PrivateKey_ex(bio.get(), nullptr, give_password, user, libctx, nullptr));
    // A chain may follow: the certificate is the one of the key.
    const auto bio = memory_bio(as_bytes(content));
    while (bio && client.key) {
        X509Ptr certificate(X509_new_ex(libctx, nullptr));
        X509 *raw = certificate.release();
        X509 *read = PEM_read_bio_X509(bio.get(), &raw, nullptr, nullptr);
        certificate.reset(read);
        if (read == nullptr) {
            X509_free(raw);
            break;
        }
        if (X509_check_private_key(read, client.key.get()) != 1) continue;
        client.certificate = std::move(certificate);
        break;
    }
    return client;
}

ClientCertificate from_pkcs12(OSSL_LIB_CTX *libctx, std::string_view content, const Secret &password) {
    ClientCertificate client;
    const auto bytes = as_bytes(content);
    const unsigned char *cursor = bytes.data();
    PKCS12 *raw = PKCS12_init_ex(NID_pkcs7_data, libctx, nullptr);
    const Pkcs12Ptr bundle(d2i_PKCS12(&raw, &cursor, static_cast<long>(bytes.size())));
    if (!bundle) return client;
    EVP_PKEY *key = nullptr;
    X509 *certificate = nullptr;
    if (PKCS12_parse(bundle.get(), std::string(password.view()).c_str(), &key, &certificate, nullptr) == 1) {
        client.key.reset(key);
        client.certificate.reset(certificate);
    }
    return client;
}

std::string segment(const cJSON *object) { return base64url_encode(as_bytes(to_text(object, false))); }

std::string random_id() {
    std::array<unsigned char, 16> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) throw std::bad_alloc();
    return hex(bytes);
}

// RSASSA-PSS with SHA-256 and a salt of that length (RFC 7518, 3.5). Empty if libcrypto refuses.
Bytes sign_ps256(OSSL_LIB_CTX *libctx, EVP_PKEY *key, std::string_view text) {
    const EvpMdCtxPtr context(EVP_MD_CTX_new());
    EVP_PKEY_CTX *padding = nullptr;
    std::size_t size = 0;
    const auto data = as_bytes(text);
    const bool ready = context &&
                       EVP_DigestSignInit_ex(context.get(), &padding, "SHA256", libctx, nullptr, key, nullptr) == 1 &&
                       EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) > 0 &&
                       EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) > 0 &&
                       EVP_DigestSign(context.get(), nullptr, &size, data.data(), data.size()) == 1;
    if (!ready) return {};
    Bytes signature(size);
    if (EVP_DigestSign(context.get(), signature.data(), &size, data.data(), data.size()) != 1) return {};
    signature.resize(size);
    return signature;
}

}  // namespace

Fetched<ClientCertificate> read_client_certificate(OSSL_LIB_CTX *libctx, const Secret &content, const Secret &password,
                                                   const std::string &name) {
    const ErrorScope errors;
    const bool pem = content.view().find("-----BEGIN") != std::string_view::npos;
    auto client = pem ? from_pem(libctx, content.view(), password) : from_pkcs12(libctx, content.view(), password);
    if (!client.key || !client.certificate)
        return Error{MHSM_FETCH_BAD_PARAMETER, 0,
                     name +
                         ": expected a certificate and its private key, as PEM or PKCS#12; if it has a password, set "
                         "AZURE_CLIENT_CERTIFICATE_PASSWORD"};
    if (EVP_PKEY_is_a(client.key.get(), "RSA") != 1)
        return Error{MHSM_FETCH_BAD_PARAMETER, 0, name + ": Microsoft Entra takes certificates with RSA keys only"};
    return client;
}

Fetched<Secret> make_assertion(OSSL_LIB_CTX *libctx, const ClientCertificate &client, const std::string &client_id,
                               const std::string &audience, std::int64_t now) {
    const ErrorScope errors;
    const auto thumbprint = sha256(libctx, certificate_der(client.certificate.get()));
    if (!thumbprint) return Error{MHSM_FETCH_INTERNAL, 0, "client certificate: no SHA-256"};
    const auto header = make_object();
    put(header.get(), "alg", "PS256");
    put(header.get(), "typ", "JWT");
    put(header.get(), "x5t#S256", base64url_encode(*thumbprint));
    const auto claims = make_object();
    put(claims.get(), "aud", audience);
    put(claims.get(), "iss", client_id);
    put(claims.get(), "sub", client_id);
    put(claims.get(), "jti", random_id());
    put_number(claims.get(), "nbf", static_cast<double>(now));
    put_number(claims.get(), "exp", static_cast<double>(now + lifetime));
    auto text = segment(header.get()) + "." + segment(claims.get());
    const auto signature = sign_ps256(libctx, client.key.get(), text);
    if (signature.empty())
        return Error{MHSM_FETCH_CREDENTIAL_FAILED, 0, "the client certificate's key cannot sign (PS256)"};
    return Secret(text + "." + base64url_encode(signature));
}

Secret assertion_form(const Secret &assertion) {
    std::string form("client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&");
    const auto field = form_field("client_assertion", assertion.view());
    form.reserve(form.size() + field.view().size());
    form.append(field.view());
    return Secret(std::move(form));
}

}  // namespace mhsm::fetch
