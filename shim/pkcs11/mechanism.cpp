#include "mechanism.h"

#include <algorithm>
#include <array>

#include "error.h"

namespace mhsm::pkcs11 {
namespace {

constexpr auto table = std::to_array<Mechanism>({
    {CKM_RSA_PKCS, Scheme::rsa_pkcs1, nullptr, CKF_VERIFY | CKF_ENCRYPT},
    {CKM_SHA256_RSA_PKCS, Scheme::rsa_pkcs1, "SHA256", CKF_VERIFY},
    {CKM_SHA384_RSA_PKCS, Scheme::rsa_pkcs1, "SHA384", CKF_VERIFY},
    {CKM_SHA512_RSA_PKCS, Scheme::rsa_pkcs1, "SHA512", CKF_VERIFY},
    {CKM_RSA_PKCS_PSS, Scheme::rsa_pss, nullptr, CKF_VERIFY},
    {CKM_SHA256_RSA_PKCS_PSS, Scheme::rsa_pss, "SHA256", CKF_VERIFY},
    {CKM_SHA384_RSA_PKCS_PSS, Scheme::rsa_pss, "SHA384", CKF_VERIFY},
    {CKM_SHA512_RSA_PKCS_PSS, Scheme::rsa_pss, "SHA512", CKF_VERIFY},
    {CKM_RSA_PKCS_OAEP, Scheme::rsa_oaep, nullptr, CKF_ENCRYPT},
    {CKM_ECDSA, Scheme::ecdsa, nullptr, CKF_VERIFY},
    {CKM_ECDSA_SHA256, Scheme::ecdsa, "SHA256", CKF_VERIFY},
    {CKM_ECDSA_SHA384, Scheme::ecdsa, "SHA384", CKF_VERIFY},
    {CKM_ECDSA_SHA512, Scheme::ecdsa, "SHA512", CKF_VERIFY},
});

}  // namespace

std::span<const Mechanism> mechanisms() { return table; }

const Mechanism &find_mechanism(CK_MECHANISM_TYPE type) {
    const auto *found = std::ranges::find(table, type, &Mechanism::type);
    if (found == table.end()) throw Error(CKR_MECHANISM_INVALID);
    return *found;
}

const Mechanism &find_mechanism(CK_MECHANISM_TYPE type, CK_FLAGS operation) {
    const auto &found = find_mechanism(type);
    if ((found.flags & operation) == 0) throw Error(CKR_MECHANISM_INVALID);
    return found;
}

CK_MECHANISM_INFO mechanism_info(const Mechanism &mechanism) {
    // The keys that Managed HSM makes, in bits.
    if (mechanism.key_type() == CKK_EC)
        return {256, 521, mechanism.flags | CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS};
    return {2048, 4096, mechanism.flags};
}

}  // namespace mhsm::pkcs11
