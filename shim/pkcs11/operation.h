// A verification or an encryption that a session is in the middle of.
#pragma once

#include "attribute.h"
#include "mechanism.h"

namespace mhsm::pkcs11 {

// C_VerifyInit to C_Verify or C_VerifyFinal.
class Verification {
public:
    // The codes of C_VerifyInit as Errors: CKR_KEY_HANDLE_INVALID for what is no public key,
    // CKR_KEY_FUNCTION_NOT_PERMITTED unless the HSM states CKA_VERIFY, and so on.
    Verification(OSSL_LIB_CTX *libctx, const CK_MECHANISM &mechanism, const Object &key);

    void update(ByteView part);  // CKR_DATA_LEN_RANGE as an Error
    bool updated() const { return updated_; }
    CK_RV finish(ByteView signature);  // CKR_OK, CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE or CKR_DATA_LEN_RANGE

private:
    void prepare(OSSL_LIB_CTX *libctx, const CK_MECHANISM &mechanism);
    bool signature_is_of_this_length(ByteView signature) const;

    const Mechanism &mechanism_;
    std::shared_ptr<EVP_PKEY> key_;
    EvpMdCtxPtr hashing_;         // with a digest
    EvpPkeyCtxPtr verifying_;     // without
    std::size_t exact_size_ = 0;  // of the data, where the mechanism takes a hash of this size; 0: any
    std::size_t most_data_ = 0;
    Bytes data_;
    bool updated_ = false;
};

// C_EncryptInit to C_Encrypt.
class Encryption {
public:
    Encryption(OSSL_LIB_CTX *libctx, const CK_MECHANISM &mechanism, const Object &key);

    std::size_t size() const;     // of the result
    Bytes finish(ByteView data);  // CKR_DATA_LEN_RANGE as an Error

private:
    std::shared_ptr<EVP_PKEY> key_;
    EvpPkeyCtxPtr encrypting_;
    std::size_t overhead_ = 0;  // of the padding
};

}  // namespace mhsm::pkcs11
