#include "keys.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <map>
#include <mutex>
#include <stdexcept>

namespace forge {
namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using ContextPtr = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using NumberPtr = std::unique_ptr<BIGNUM, Deleter<BN_free>>;

KeyPtr load(std::string_view name) {
    const auto text = embedded_pem(name);
    const BioPtr bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    require(key != nullptr, "cannot load a test key");
    return key;
}

Bytes number(std::string_view key, const char *parameter) {
    BIGNUM *raw = nullptr;
    require(EVP_PKEY_get_bn_param(test_key(key), parameter, &raw) == 1, "no such number in the key");
    const NumberPtr value(raw);
    Bytes result(static_cast<std::size_t>(BN_num_bytes(value.get())));
    BN_bn2bin(value.get(), result.data());
    return result;
}

template <int (*Encode)(const EVP_PKEY *, unsigned char **)>
Bytes encoded(std::string_view key) {
    unsigned char *raw = nullptr;
    const int size = Encode(test_key(key), &raw);
    require(size > 0, "cannot encode a key");
    Bytes result(raw, raw + size);
    OPENSSL_free(raw);
    return result;
}

ContextPtr signing(std::string_view rsa_key, int padding) {
    ContextPtr context(EVP_PKEY_CTX_new(test_key(rsa_key), nullptr));
    require(context != nullptr && EVP_PKEY_sign_init(context.get()) == 1, "cannot sign");
    require(EVP_PKEY_CTX_set_rsa_padding(context.get(), padding) == 1, "cannot set the padding");
    return context;
}

Bytes signature_of(EVP_PKEY_CTX *context, std::string_view rsa_key, const Bytes &content) {
    Bytes signature(static_cast<std::size_t>(EVP_PKEY_get_size(test_key(rsa_key))));
    std::size_t size = signature.size();
    require(EVP_PKEY_sign(context, signature.data(), &size, content.data(), content.size()) == 1, "cannot sign");
    signature.resize(size);
    return signature;
}

}  // namespace

void require(bool ok, const char *what) {
    if (!ok) throw std::runtime_error(what);
}

std::string_view embedded_pem(std::string_view name) {
    for (const auto &entry : embedded_pems())
        if (entry.name == name) return entry.text;
    throw std::runtime_error("no test key " + std::string(name));
}

EVP_PKEY *test_key(std::string_view name) {
    static std::mutex mutex;
    static std::map<std::string, KeyPtr, std::less<>> loaded;
    const std::lock_guard lock(mutex);
    auto found = loaded.find(name);
    if (found == loaded.end()) found = loaded.emplace(name, load(name)).first;
    return found->second.get();
}

Bytes rsa_modulus(std::string_view key) { return number(key, OSSL_PKEY_PARAM_RSA_N); }

Bytes rsa_exponent(std::string_view key) { return number(key, OSSL_PKEY_PARAM_RSA_E); }

Bytes ec_point(std::string_view key) {
    const Bytes info = public_key_info(key);
    const std::size_t bytes = (static_cast<std::size_t>(EVP_PKEY_get_bits(test_key(key))) + 7) / 8;
    return {info.end() - static_cast<std::ptrdiff_t>(2 * bytes + 1), info.end()};
}

Bytes public_key_info(std::string_view key) { return encoded<i2d_PUBKEY>(key); }

Bytes raw_public_key(std::string_view key) { return encoded<i2d_PublicKey>(key); }

Bytes sign(std::string_view rsa_key, const Bytes &data, SignatureForm form) {
    const ContextPtr context = signing(rsa_key, RSA_PKCS1_PADDING);
    if (form == SignatureForm::digest_info)
        require(EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) == 1, "cannot set the digest");
    return signature_of(context.get(), rsa_key, sha256(data));
}

Bytes sign_block(std::string_view rsa_key, const Bytes &block) {
    return signature_of(signing(rsa_key, RSA_NO_PADDING).get(), rsa_key, block);
}

}  // namespace forge
