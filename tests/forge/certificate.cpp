#include "certificate.h"

#include <openssl/asn1.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <utility>

#include "keys.h"

namespace forge {
namespace {

using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, Deleter<X509_REQ_free>>;
using NamePtr = std::unique_ptr<X509_NAME, Deleter<X509_NAME_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;
using ObjectPtr = std::unique_ptr<ASN1_OBJECT, Deleter<ASN1_OBJECT_free>>;
using OctetsPtr = std::unique_ptr<ASN1_OCTET_STRING, Deleter<ASN1_OCTET_STRING_free>>;

int asn1_type(const NamePart &part) {
    switch (part.type) {
        case StringType::printable: return V_ASN1_PRINTABLESTRING;
        case StringType::teletex: return V_ASN1_T61STRING;
        case StringType::bmp: return V_ASN1_BMPSTRING;
        case StringType::usual: break;
    }
    return part.attribute == "C" ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING;
}

// The bytes of an ASCII text in the encoding of its type.
Bytes asn1_text(const NamePart &part) {
    Bytes bytes;
    for (const char c : part.value) {
        if (part.type == StringType::bmp) bytes.push_back(0);
        bytes.push_back(static_cast<std::uint8_t>(c));
    }
    return bytes;
}

NamePtr make_name(const Name &name) {
    NamePtr result(X509_NAME_new());
    require(result != nullptr, "out of memory");
    for (const auto &rdn : name) {
        int set = 0;
        for (const auto &part : rdn) {
            const Bytes value = asn1_text(part);
            require(X509_NAME_add_entry_by_txt(result.get(), part.attribute.c_str(), asn1_type(part), value.data(),
                                               static_cast<int>(value.size()), -1, set) == 1,
                    "cannot make a name");
            set = -1;
        }
    }
    return result;
}

void add_extension(X509 *certificate, const Extension &extension) {
    const ObjectPtr object(OBJ_txt2obj(extension.oid.c_str(), 1));
    const OctetsPtr value(ASN1_OCTET_STRING_new());
    require(object && value, "out of memory");
    require(ASN1_OCTET_STRING_set(value.get(), extension.value.data(), static_cast<int>(extension.value.size())) == 1,
            "out of memory");
    const ExtensionPtr made(
        X509_EXTENSION_create_by_OBJ(nullptr, object.get(), extension.critical ? 1 : 0, value.get()));
    require(made && X509_add_ext(certificate, made.get(), -1) == 1, "cannot add an extension");
}

template <class T>
Bytes der(const T *object, int (*encode)(const T *, unsigned char **)) {
    unsigned char *raw = nullptr;
    const int size = encode(object, &raw);
    require(size > 0, "cannot encode");
    Bytes result(raw, raw + size);
    OPENSSL_free(raw);
    return result;
}

Bytes key_id(const std::string &key) {
    const Bytes contents = raw_public_key(key);
    Bytes digest(20);
    require(EVP_Digest(contents.data(), contents.size(), digest.data(), nullptr, EVP_sha1(), nullptr) == 1,
            "SHA-1 is not available");
    return digest;
}

void sign_certificate(X509 *made, const Certificate &certificate) {
    const EVP_MD *digest = EVP_get_digestbyname(certificate.digest.c_str());
    require(digest != nullptr, "no such digest");
    const std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
    EVP_PKEY_CTX *padding = nullptr;
    require(context && EVP_DigestSignInit(context.get(), &padding, digest, nullptr, test_key(certificate.signer)) == 1,
            "cannot sign a certificate");
    constexpr int no_salt = 0;  // so that the same seed gives the same bytes
    if (certificate.pss)
        require(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1 &&
                    EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, no_salt) == 1,
                "cannot set the padding");
    require(X509_sign_ctx(made, context.get()) > 0, "cannot sign a certificate");
}

}  // namespace

Bytes issue(const Certificate &certificate) {
    const X509Ptr made(X509_new());
    require(made != nullptr, "out of memory");
    const NamePtr subject = make_name(certificate.subject);
    const NamePtr issuer = make_name(certificate.issuer);
    bool ok = X509_set_version(made.get(), certificate.version - 1) == 1 &&
              ASN1_INTEGER_set_int64(X509_get_serialNumber(made.get()), certificate.serial) == 1 &&
              X509_set_subject_name(made.get(), subject.get()) == 1 &&
              X509_set_issuer_name(made.get(), issuer.get()) == 1 &&
              X509_set_pubkey(made.get(), test_key(certificate.key)) == 1 &&
              ASN1_TIME_set(X509_getm_notBefore(made.get()), certificate.not_before) != nullptr &&
              ASN1_TIME_set(X509_getm_notAfter(made.get()), certificate.not_after) != nullptr;
    require(ok, "cannot describe a certificate");
    for (const auto &extension : certificate.extensions) add_extension(made.get(), extension);
    sign_certificate(made.get(), certificate);
    Bytes result = der<X509>(made.get(), i2d_X509);
    if (certificate.corrupt_signature) result.at(result.size() - 20) ^= 0x01;
    return result;
}

std::string common_name(const Name &name) {
    std::string result;
    for (const auto &rdn : name)
        for (const auto &part : rdn)
            if (part.attribute == "CN") result = part.value;
    return result;
}

void rename_common_name(Name &name, const std::string &value) {
    for (auto &rdn : name)
        for (auto &part : rdn)
            if (part.attribute == "CN") part.value = value;
}

Extension basic_constraints(bool ca) {
    return {"2.5.29.19", true, ca ? Bytes{0x30, 0x03, 0x01, 0x01, 0xff} : Bytes{0x30, 0x00}};
}

Extension key_usage_ca() { return {"2.5.29.15", true, {0x03, 0x02, 0x02, 0x84}}; }

Extension key_usage_without_cert_sign() { return {"2.5.29.15", true, {0x03, 0x02, 0x07, 0x80}}; }

Extension subject_key_id(const std::string &key) {
    Bytes value{0x04, 0x14};
    append(value, key_id(key));
    return {"2.5.29.14", false, value};
}

Extension authority_key_id(const std::string &issuer_key) {
    Bytes value{0x30, 0x16, 0x80, 0x14};
    append(value, key_id(issuer_key));
    return {"2.5.29.35", false, value};
}

Extension unknown_critical() { return {"1.3.6.1.4.1.55555.1", true, {0x05, 0x00}}; }

Extension name_constraints_excluding_country(const std::string &country) {
    // SEQUENCE { [1] excludedSubtrees { SEQUENCE { [4] directoryName { SEQUENCE { SET { SEQUENCE { countryName } } } }
    // } } }
    Bytes value{0x30, 0x15, 0xa1, 0x13, 0x30, 0x11, 0xa4, 0x0f, 0x30, 0x0d, 0x31,
                0x0b, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04, 0x06, 0x13, 0x02};
    append(value, to_bytes(country));
    return {"2.5.29.30", true, value};
}

Bytes request(const std::string &rsa_key, bool corrupt_signature) {
    const RequestPtr made(X509_REQ_new());
    require(made != nullptr, "out of memory");
    const NamePtr subject = make_name({{{"CN", "forge test request"}}});
    const bool ok = X509_REQ_set_version(made.get(), 0) == 1 &&
                    X509_REQ_set_subject_name(made.get(), subject.get()) == 1 &&
                    X509_REQ_set_pubkey(made.get(), test_key(rsa_key)) == 1 &&
                    X509_REQ_sign(made.get(), test_key(rsa_key), EVP_sha256()) > 0;
    require(ok, "cannot make a request");
    Bytes result = der<X509_REQ>(made.get(), i2d_X509_REQ);
    if (corrupt_signature) result.at(result.size() - 20) ^= 0x01;
    return result;
}

}  // namespace forge
