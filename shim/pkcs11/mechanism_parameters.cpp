#include "mechanism_parameters.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "error.h"

namespace mhsm::pkcs11 {
namespace {

struct Hash {
    CK_MECHANISM_TYPE mechanism;
    CK_RSA_PKCS_MGF_TYPE mask;
    const char *name;
    std::size_t size;
};
constexpr auto hashes = std::to_array<Hash>({{CKM_SHA_1, CKG_MGF1_SHA1, "SHA1", 20},
                                             {CKM_SHA256, CKG_MGF1_SHA256, "SHA256", 32},
                                             {CKM_SHA384, CKG_MGF1_SHA384, "SHA384", 48},
                                             {CKM_SHA512, CKG_MGF1_SHA512, "SHA512", 64}});

void require_parameter(bool condition) {
    if (!condition) throw Error(CKR_MECHANISM_PARAM_INVALID);
}

const Hash &hash_of(CK_MECHANISM_TYPE mechanism) {
    const auto *found = std::ranges::find(hashes, mechanism, &Hash::mechanism);
    require_parameter(found != hashes.end());
    return *found;
}

const Hash &mask_of(CK_RSA_PKCS_MGF_TYPE mask) {
    const auto *found = std::ranges::find(hashes, mask, &Hash::mask);
    require_parameter(found != hashes.end());
    return *found;
}

// A copy, because the application's memory need not be aligned.
template <class T>
T parameters(const CK_MECHANISM &mechanism) {
    T value;
    require_parameter(mechanism.pParameter != nullptr && mechanism.ulParameterLen == sizeof value);
    std::memcpy(&value, mechanism.pParameter, sizeof value);
    return value;
}

void set_label(EVP_PKEY_CTX *context, const CK_RSA_PKCS_OAEP_PARAMS &given) {
    constexpr CK_ULONG longest_label = 4096;
    if (given.ulSourceDataLen == 0) return;
    require_parameter(given.source == CKZ_DATA_SPECIFIED && given.pSourceData != nullptr &&
                      given.ulSourceDataLen <= longest_label);
    const OSSL_PARAM label[] = {
        OSSL_PARAM_construct_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, given.pSourceData, given.ulSourceDataLen),
        OSSL_PARAM_construct_end()};
    require_parameter(EVP_PKEY_CTX_set_params(context, label) == 1);
}

}  // namespace

void require_no_parameters(const CK_MECHANISM &mechanism) { require_parameter(mechanism.ulParameterLen == 0); }

std::size_t apply_pss(EVP_PKEY_CTX *context, const CK_MECHANISM &mechanism, const char *digest) {
    constexpr CK_ULONG longest_salt = 512;
    const auto given = parameters<CK_RSA_PKCS_PSS_PARAMS>(mechanism);
    const auto &hash = hash_of(given.hashAlg);
    // Nobody signs with SHA-1 any more, least of all with PSS.
    require_parameter(given.hashAlg != CKM_SHA_1 && given.sLen <= longest_salt);
    require_parameter(digest == nullptr || std::string_view(digest) == hash.name);
    require_parameter(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1);
    std::string name = hash.name;  // OSSL_PARAM wants it writable
    const OSSL_PARAM digest_name[] = {OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, name.data(), 0),
                                      OSSL_PARAM_construct_end()};
    require_parameter(digest != nullptr || EVP_PKEY_CTX_set_params(context, digest_name) == 1);
    require_parameter(EVP_PKEY_CTX_set_rsa_mgf1_md_name(context, mask_of(given.mgf).name, nullptr) == 1 &&
                      EVP_PKEY_CTX_set_rsa_pss_saltlen(context, static_cast<int>(given.sLen)) == 1);
    return hash.size;
}

std::size_t apply_oaep(EVP_PKEY_CTX *context, const CK_MECHANISM &mechanism) {
    const auto given = parameters<CK_RSA_PKCS_OAEP_PARAMS>(mechanism);
    const auto &hash = hash_of(given.hashAlg);
    require_parameter(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
                      EVP_PKEY_CTX_set_rsa_oaep_md_name(context, hash.name, nullptr) == 1 &&
                      EVP_PKEY_CTX_set_rsa_mgf1_md_name(context, mask_of(given.mgf).name, nullptr) == 1);
    set_label(context, given);
    return 2 * hash.size + 2;
}

}  // namespace mhsm::pkcs11
