#include "tls.h"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdint>

namespace emulator {
namespace {

using forge::require;
using ExtensionHandle = std::unique_ptr<X509_EXTENSION, forge::Deleter<X509_EXTENSION_free>>;
using Bio = std::unique_ptr<BIO, forge::Deleter<BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, forge::Deleter<BN_free>>;

void set_serial(X509 &certificate) {
    constexpr int bits = 64;
    const Number number(BN_new());
    require(number && BN_rand(number.get(), bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
                BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr,
            "serial number");
}

// Everything but issuer, extensions and signature.
KeyPair start(Key key, const std::string &common_name) {
    constexpr long an_hour = 3600, a_month = 30 * 24 * an_hour;
    KeyPair pair{std::move(key), X509Handle(X509_new())};
    X509 *const certificate = pair.certificate.get();
    require(pair.key && certificate && X509_set_version(certificate, X509_VERSION_3) == 1, "certificate");
    set_serial(*certificate);
    require(X509_gmtime_adj(X509_getm_notBefore(certificate), -an_hour) != nullptr &&
                X509_gmtime_adj(X509_getm_notAfter(certificate), a_month) != nullptr &&
                X509_set_pubkey(certificate, pair.key.get()) == 1,
            "certificate");
    const auto *text = reinterpret_cast<const unsigned char *>(common_name.c_str());
    require(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1,
            "certificate name");
    return pair;
}

void extend(X509 &certificate, X509 &issuer, int nid, const std::string &value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
    const ExtensionHandle extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    require(extension && X509_add_ext(&certificate, extension.get(), -1) == 1, "certificate extension");
}

void sign(X509 &certificate, const X509 &issuer, EVP_PKEY &key) {
    require(X509_set_issuer_name(&certificate, X509_get_subject_name(&issuer)) == 1 &&
                X509_sign(&certificate, &key, EVP_sha256()) > 0,
            "certificate signature");
}

template <class Write>
std::string pem_text(Write write) {
    const Bio bio(BIO_new(BIO_s_mem()));
    require(bio && write(bio.get()) == 1, "PEM");
    char *data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

}  // namespace

KeyPair make_authority() {
    KeyPair pair = start(Key(EVP_EC_gen("P-256")), "TEST-ONLY Managed HSM emulator CA");
    X509 &certificate = *pair.certificate;
    extend(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
    extend(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
    extend(certificate, certificate, NID_subject_key_identifier, "hash");
    sign(certificate, certificate, *pair.key);
    return pair;
}

KeyPair make_server(const KeyPair &authority, const std::vector<std::string> &dns_names) {
    KeyPair pair = start(Key(EVP_EC_gen("P-256")), "TEST-ONLY Managed HSM emulator");
    std::string names = "IP:127.0.0.1";
    for (const auto &name : dns_names) names += ",DNS:" + name;
    X509 &certificate = *pair.certificate;
    extend(certificate, *authority.certificate, NID_basic_constraints, "critical,CA:FALSE");
    extend(certificate, *authority.certificate, NID_key_usage, "critical,digitalSignature");
    extend(certificate, *authority.certificate, NID_ext_key_usage, "serverAuth");
    extend(certificate, *authority.certificate, NID_subject_key_identifier, "hash");
    extend(certificate, *authority.certificate, NID_authority_key_identifier, "keyid:always");
    extend(certificate, *authority.certificate, NID_subject_alt_name, names);
    sign(certificate, *authority.certificate, *authority.key);
    return pair;
}

KeyPair make_client() {
    constexpr std::size_t bits = 2048;
    KeyPair pair = start(Key(EVP_RSA_gen(bits)), "TEST-ONLY Managed HSM emulator client");
    sign(*pair.certificate, *pair.certificate, *pair.key);
    return pair;
}

std::string certificate_pem(const KeyPair &pair) {
    return pem_text([&](BIO *bio) { return PEM_write_bio_X509(bio, pair.certificate.get()); });
}

std::string private_key_pem(const KeyPair &pair) {
    return pem_text(
        [&](BIO *bio) { return PEM_write_bio_PrivateKey(bio, pair.key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
}

std::string thumbprint(const X509 &certificate) {
    forge::Bytes digest(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    require(X509_digest(&certificate, EVP_sha256(), digest.data(), &size) == 1, "digest");
    digest.resize(size);
    return forge::base64url(digest);
}

}  // namespace emulator
