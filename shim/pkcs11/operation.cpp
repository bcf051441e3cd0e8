#include "operation.h"

#include <openssl/rsa.h>

#include "encoding.h"
#include "error.h"
#include "mechanism_parameters.h"

namespace mhsm::pkcs11 {
namespace {

constexpr std::size_t pkcs1_overhead = 11;
constexpr std::size_t longest_ecdsa_data = 1024;  // longer than any hash

std::size_t key_size(const EVP_PKEY *key) { return static_cast<std::size_t>(EVP_PKEY_get_size(key)); }
// Bytes of one of the two numbers of an ECDSA signature, as PKCS#11 has it.
std::size_t number_size(const EVP_PKEY *key) { return (static_cast<std::size_t>(EVP_PKEY_get_bits(key)) + 7) / 8; }

// The key if it may do this, by its type and by what the HSM states.
std::shared_ptr<EVP_PKEY> usable_key(const Object &object, const Mechanism &mechanism, CK_ATTRIBUTE_TYPE permission) {
    if (object.find(CKA_KEY_TYPE) == nullptr) throw Error(CKR_KEY_HANDLE_INVALID);
    const auto &key = object.public_key();
    const char *type = mechanism.key_type() == CKK_EC ? "EC" : "RSA";
    if (!key || EVP_PKEY_is_a(key.get(), type) != 1) throw Error(CKR_KEY_TYPE_INCONSISTENT);
    if (!object.states(permission, true)) throw Error(CKR_KEY_FUNCTION_NOT_PERMITTED);
    return key;
}

void require_done(int result) {
    if (result != 1) throw Error(CKR_FUNCTION_FAILED);
}

}  // namespace

Verification::Verification(OSSL_LIB_CTX *libctx, const CK_MECHANISM &mechanism, const Object &key)
    : mechanism_(find_mechanism(mechanism.mechanism, CKF_VERIFY)), key_(usable_key(key, mechanism_, CKA_VERIFY)) {
    prepare(libctx, mechanism);
}

void Verification::prepare(OSSL_LIB_CTX *libctx, const CK_MECHANISM &mechanism) {
    EVP_PKEY_CTX *context = nullptr;
    if (mechanism_.digest != nullptr) {
        hashing_.reset(EVP_MD_CTX_new());
        if (!hashing_) throw std::bad_alloc();
        require_done(
            EVP_DigestVerifyInit_ex(hashing_.get(), &context, mechanism_.digest, libctx, nullptr, key_.get(), nullptr));
    } else {
        verifying_.reset(EVP_PKEY_CTX_new_from_pkey(libctx, key_.get(), nullptr));
        if (!verifying_) throw std::bad_alloc();
        context = verifying_.get();
        require_done(EVP_PKEY_verify_init(context));
    }
    if (mechanism_.scheme == Scheme::rsa_pss) {
        most_data_ = exact_size_ = apply_pss(context, mechanism, mechanism_.digest);
        return;
    }
    require_no_parameters(mechanism);
    if (mechanism_.scheme == Scheme::rsa_pkcs1) {
        require_done(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING));
        most_data_ = key_size(key_.get()) - pkcs1_overhead;
    } else {
        most_data_ = longest_ecdsa_data;
    }
}

void Verification::update(ByteView part) {
    updated_ = true;
    if (hashing_) {
        require_done(EVP_DigestVerifyUpdate(hashing_.get(), part.data(), part.size()));
        return;
    }
    if (part.size() > most_data_ - data_.size()) throw Error(CKR_DATA_LEN_RANGE);
    data_.insert(data_.end(), part.begin(), part.end());
}

bool Verification::signature_is_of_this_length(ByteView signature) const {
    const bool ecdsa = mechanism_.scheme == Scheme::ecdsa;
    return signature.size() == (ecdsa ? 2 * number_size(key_.get()) : key_size(key_.get()));
}

CK_RV Verification::finish(ByteView signature) {
    if (!hashing_ && exact_size_ != 0 && data_.size() != exact_size_) return CKR_DATA_LEN_RANGE;
    if (!signature_is_of_this_length(signature)) return CKR_SIGNATURE_LEN_RANGE;
    const auto der = mechanism_.scheme == Scheme::ecdsa ? ecdsa_signature_der(signature) : Bytes{};
    const ByteView checked = der.empty() ? signature : ByteView(der);
    const int result =
        hashing_ ? EVP_DigestVerifyFinal(hashing_.get(), checked.data(), checked.size())
                 : EVP_PKEY_verify(verifying_.get(), checked.data(), checked.size(), data_.data(), data_.size());
    return result == 1 ? CKR_OK : CKR_SIGNATURE_INVALID;
}

Encryption::Encryption(OSSL_LIB_CTX *libctx, const CK_MECHANISM &mechanism, const Object &key) {
    const auto &known = find_mechanism(mechanism.mechanism, CKF_ENCRYPT);
    key_ = usable_key(key, known, CKA_ENCRYPT);
    encrypting_.reset(EVP_PKEY_CTX_new_from_pkey(libctx, key_.get(), nullptr));
    if (!encrypting_) throw std::bad_alloc();
    require_done(EVP_PKEY_encrypt_init(encrypting_.get()));
    if (known.scheme == Scheme::rsa_oaep) {
        overhead_ = apply_oaep(encrypting_.get(), mechanism);
        return;
    }
    require_no_parameters(mechanism);
    require_done(EVP_PKEY_CTX_set_rsa_padding(encrypting_.get(), RSA_PKCS1_PADDING));
    overhead_ = pkcs1_overhead;
}

std::size_t Encryption::size() const { return key_size(key_.get()); }

Bytes Encryption::finish(ByteView data) {
    if (overhead_ > size() || data.size() > size() - overhead_) throw Error(CKR_DATA_LEN_RANGE);
    Bytes encrypted(size());
    std::size_t written = encrypted.size();
    require_done(EVP_PKEY_encrypt(encrypting_.get(), encrypted.data(), &written, data.data(), data.size()));
    encrypted.resize(written);
    return encrypted;
}

}  // namespace mhsm::pkcs11
