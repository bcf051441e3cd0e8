// Verification and encryption with attested keys, against signatures that the forge's private keys make.
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <functional>

#include "forge.h"
#include "module_fixture.h"
#include "samples.h"
#include "scene.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

struct Key {
    explicit Key(const std::string &kind) {
        const auto pem = read_file(MHSM_SOURCE_DIR "/tests/forge/keys/TEST-ONLY-" + kind + ".pem");
        const auto bio = memory_bio(as_bytes(pem));
        secret.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
        CHECK(secret != nullptr);
        module.start(forged_source(folder, "genuine-" + kind + "-fw2"));
    }
    EvpPkeyPtr secret;
    Folder folder;
    Module module;
};

Bytes hash_of(const char *digest, std::string_view data) {
    Bytes value(EVP_MAX_MD_SIZE);
    std::size_t size = 0;
    CHECK_EQ(EVP_Q_digest(nullptr, digest, nullptr, data.data(), data.size(), value.data(), &size), 1);
    value.resize(size);
    return value;
}

// A signature by libcrypto over data that is hashed with `digest`, or over raw bytes without one.
Bytes sign(EVP_PKEY *key, const char *digest, ByteView data, int padding) {
    Bytes signature(1024);
    std::size_t size = signature.size();
    const EvpMdCtxPtr hashing(EVP_MD_CTX_new());
    EvpPkeyCtxPtr raw;
    EVP_PKEY_CTX *context = nullptr;
    if (digest != nullptr) {
        CHECK_EQ(EVP_DigestSignInit_ex(hashing.get(), &context, digest, nullptr, nullptr, key, nullptr), 1);
    } else {
        raw.reset(EVP_PKEY_CTX_new(key, nullptr));
        context = raw.get();
        CHECK_EQ(EVP_PKEY_sign_init(context), 1);
    }
    if (padding != 0) CHECK_EQ(EVP_PKEY_CTX_set_rsa_padding(context, padding), 1);
    if (padding == RSA_PKCS1_PSS_PADDING) {
        CHECK_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, 32), 1);
        if (digest == nullptr) CHECK_EQ(EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()), 1);
    }
    const int done = digest != nullptr
                         ? EVP_DigestSign(hashing.get(), signature.data(), &size, data.data(), data.size())
                         : EVP_PKEY_sign(context, signature.data(), &size, data.data(), data.size());
    CHECK_EQ(done, 1);
    signature.resize(size);
    return signature;
}

// r and s side by side, each of `half` bytes.
Bytes flat(const Bytes &der, int half) {
    using SigPtr = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;
    const auto *cursor = der.data();
    const SigPtr numbers(d2i_ECDSA_SIG(nullptr, &cursor, static_cast<long>(der.size())));
    CHECK(numbers != nullptr);
    Bytes both(static_cast<std::size_t>(2 * half));
    CHECK_EQ(BN_bn2binpad(ECDSA_SIG_get0_r(numbers.get()), both.data(), half), half);
    CHECK_EQ(BN_bn2binpad(ECDSA_SIG_get0_s(numbers.get()), both.data() + half, half), half);
    return both;
}

Bytes flipped(Bytes bytes) {
    CHECK(!bytes.empty());
    bytes[bytes.size() - 1] ^= 1U;
    return bytes;
}

class SignatureCheck {
public:
    SignatureCheck(const Key &key, CK_MECHANISM mechanism)
        : module_(key.module), session_(key.module), mechanism_(mechanism) {
        public_key_ = session_.only({entry(CKA_CLASS, CKO_PUBLIC_KEY)});
    }
    CK_RV init() { return module_->C_VerifyInit(session_.handle(), &mechanism_, public_key_); }
    CK_RV verify(Bytes data, Bytes signature) {
        CHECK_EQ(init(), CKR_OK);
        return module_->C_Verify(session_.handle(), data.data(), data.size(), signature.data(), signature.size());
    }
    CK_RV verify_parts(Bytes data, Bytes signature) {
        CHECK_EQ(init(), CKR_OK);
        for (std::size_t start = 0; start < data.size(); start += 5) {
            const auto code = module_->C_VerifyUpdate(session_.handle(), data.data() + start,
                                                      std::min<std::size_t>(5, data.size() - start));
            if (code != CKR_OK) return code;
        }
        return module_->C_VerifyFinal(session_.handle(), signature.data(), signature.size());
    }
    // Right, with another document, with another signature, in parts, and with a signature of a wrong length.
    void check_all(const Bytes &data, const Bytes &signature) {
        CHECK_EQ(verify(data, signature), CKR_OK);
        CHECK_EQ(verify_parts(data, signature), CKR_OK);
        const auto other = flipped(data);
        CHECK_EQ(verify(other, signature), CKR_SIGNATURE_INVALID);
        CHECK_EQ(verify_parts(other, signature), CKR_SIGNATURE_INVALID);
        auto broken = flipped(signature);
        CHECK_EQ(verify(data, broken), CKR_SIGNATURE_INVALID);
        broken.push_back(0);
        CHECK_EQ(verify(data, broken), CKR_SIGNATURE_LEN_RANGE);
        CHECK_EQ(verify(data, {}), CKR_SIGNATURE_LEN_RANGE);
        CHECK_EQ(module_->C_VerifyFinal(session_.handle(), broken.data(), broken.size()),
                 CKR_OPERATION_NOT_INITIALIZED);
    }

private:
    const Module &module_;
    OpenSession session_;
    CK_MECHANISM mechanism_;
    CK_OBJECT_HANDLE public_key_ = 0;
};

class Encrypter {
public:
    Encrypter(const Key &key, CK_MECHANISM mechanism) : key_(key), session_(key.module), mechanism_(mechanism) {
        public_key_ = session_.only({entry(CKA_CLASS, CKO_PUBLIC_KEY)});
    }
    CK_RV init() { return key_.module->C_EncryptInit(session_.handle(), &mechanism_, public_key_); }
    CK_RV encrypt(Bytes &plain, CK_BYTE *room, CK_ULONG &size) {
        return key_.module->C_Encrypt(session_.handle(), plain.data(), plain.size(), room, &size);
    }
    // The length is told, too little room is told, and what comes out is what went in; `most` bytes at the most.
    void check_all(std::size_t most, const std::string &label) {
        Bytes plain(most, 0x5a);
        Bytes room(256);
        CK_ULONG size = 0;
        CHECK_EQ(init(), CKR_OK);
        CHECK_EQ(encrypt(plain, nullptr, size), CKR_OK);
        CHECK_EQ(size, 256U);
        size = 255;
        CHECK_EQ(encrypt(plain, room.data(), size), CKR_BUFFER_TOO_SMALL);
        CHECK_EQ(size, 256U);
        CHECK_EQ(encrypt(plain, room.data(), size), CKR_OK);
        CHECK_EQ(size, 256U);
        CHECK(decrypt(room, label) == plain);
        plain.push_back(0);
        CHECK_EQ(init(), CKR_OK);
        CHECK_EQ(encrypt(plain, room.data(), size), CKR_DATA_LEN_RANGE);
        CHECK_EQ(encrypt(plain, room.data(), size), CKR_OPERATION_NOT_INITIALIZED);
    }

private:
    Bytes decrypt(const Bytes &encrypted, const std::string &label) const {
        const EvpPkeyCtxPtr context(EVP_PKEY_CTX_new(key_.secret.get(), nullptr));
        CHECK_EQ(EVP_PKEY_decrypt_init(context.get()), 1);
        if (mechanism_.mechanism == CKM_RSA_PKCS_OAEP) {
            CHECK_EQ(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING), 1);
            CHECK_EQ(EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), EVP_sha256()), 1);
            CHECK_EQ(EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), EVP_sha256()), 1);
            CHECK_EQ(EVP_PKEY_CTX_set0_rsa_oaep_label(context.get(), OPENSSL_strdup(label.c_str()),
                                                      static_cast<int>(label.size())),
                     1);
        }
        Bytes plain(256);
        std::size_t size = plain.size();
        CHECK_EQ(EVP_PKEY_decrypt(context.get(), plain.data(), &size, encrypted.data(), encrypted.size()), 1);
        plain.resize(size);
        return plain;
    }

    const Key &key_;
    OpenSession session_;
    CK_MECHANISM mechanism_;
    CK_OBJECT_HANDLE public_key_ = 0;
};

constexpr std::string_view document = "a document that somebody signed";
Bytes document_bytes() { return {document.begin(), document.end()}; }

}  // namespace

TEST(rsa_pkcs1) {
    const Key key("rsa-2048");
    const auto hash = hash_of("SHA256", document);
    SignatureCheck(key, {CKM_RSA_PKCS, nullptr, 0}).check_all(hash, sign(key.secret.get(), nullptr, hash, RSA_PKCS1_PADDING));
    const std::pair<CK_MECHANISM_TYPE, const char *> rows[] = {
        {CKM_SHA256_RSA_PKCS, "SHA256"}, {CKM_SHA384_RSA_PKCS, "SHA384"}, {CKM_SHA512_RSA_PKCS, "SHA512"}};
    for (const auto &[mechanism, digest] : rows)
        SignatureCheck(key, {mechanism, nullptr, 0})
            .check_all(document_bytes(), sign(key.secret.get(), digest, as_bytes(document), RSA_PKCS1_PADDING));
}

TEST(rsa_pss) {
    const Key key("rsa-3072");
    CK_RSA_PKCS_PSS_PARAMS pss{CKM_SHA256, CKG_MGF1_SHA256, 32};
    const auto hash = hash_of("SHA256", document);
    SignatureCheck(key, {CKM_RSA_PKCS_PSS, &pss, sizeof pss})
        .check_all(hash, sign(key.secret.get(), nullptr, hash, RSA_PKCS1_PSS_PADDING));
    SignatureCheck(key, {CKM_SHA256_RSA_PKCS_PSS, &pss, sizeof pss})
        .check_all(document_bytes(), sign(key.secret.get(), "SHA256", as_bytes(document), RSA_PKCS1_PSS_PADDING));
    // A hash of another length cannot have been signed.
    CHECK_EQ(SignatureCheck(key, {CKM_RSA_PKCS_PSS, &pss, sizeof pss}).verify(Bytes(20), Bytes(384)), CKR_DATA_LEN_RANGE);
}

TEST(ecdsa) {
    for (const auto &[kind, half] :
         {std::pair{"p-256", 32}, std::pair{"p-384", 48}, std::pair{"p-521", 66}, std::pair{"p-256k", 32}}) {
        const Context context(kind);
        const Key key(kind);
        const auto hash = hash_of("SHA256", document);
        SignatureCheck(key, {CKM_ECDSA, nullptr, 0}).check_all(hash, flat(sign(key.secret.get(), nullptr, hash, 0), half));
        const std::pair<CK_MECHANISM_TYPE, const char *> rows[] = {
            {CKM_ECDSA_SHA256, "SHA256"}, {CKM_ECDSA_SHA384, "SHA384"}, {CKM_ECDSA_SHA512, "SHA512"}};
        for (const auto &[mechanism, digest] : rows)
            SignatureCheck(key, {mechanism, nullptr, 0})
                .check_all(document_bytes(), flat(sign(key.secret.get(), digest, as_bytes(document), 0), half));
    }
}

TEST(mechanism_parameters_are_checked) {
    const Key key("rsa-2048");
    CK_RSA_PKCS_PSS_PARAMS good{CKM_SHA256, CKG_MGF1_SHA256, 32};
    auto sha1 = good;
    sha1.hashAlg = CKM_SHA_1;
    auto other_hash = good;
    other_hash.hashAlg = CKM_SHA384;
    auto no_mask = good;
    no_mask.mgf = 77;
    auto long_salt = good;
    long_salt.sLen = 1UL << 40U;
    const CK_MECHANISM rows[] = {{CKM_RSA_PKCS, &good, sizeof good},
                                 {CKM_SHA256_RSA_PKCS, &good, sizeof good},
                                 {CKM_RSA_PKCS_PSS, nullptr, 0},
                                 {CKM_RSA_PKCS_PSS, &good, sizeof good - 1},
                                 {CKM_RSA_PKCS_PSS, nullptr, sizeof good},
                                 {CKM_RSA_PKCS_PSS, &sha1, sizeof sha1},
                                 {CKM_SHA256_RSA_PKCS_PSS, &other_hash, sizeof other_hash},
                                 {CKM_RSA_PKCS_PSS, &no_mask, sizeof no_mask},
                                 {CKM_RSA_PKCS_PSS, &long_salt, sizeof long_salt}};
    for (const auto &mechanism : rows) CHECK_EQ(SignatureCheck(key, mechanism).init(), CKR_MECHANISM_PARAM_INVALID);
    for (const CK_MECHANISM_TYPE type : {CKM_SHA1_RSA_PKCS, CKM_RSA_X_509, CKM_RSA_PKCS_OAEP, CKM_AES_CBC})
        CHECK_EQ(SignatureCheck(key, {type, nullptr, 0}).init(), CKR_MECHANISM_INVALID);
    CHECK_EQ(SignatureCheck(key, {CKM_ECDSA, nullptr, 0}).init(), CKR_KEY_TYPE_INCONSISTENT);
}

TEST(only_public_keys_verify) {
    const Key key("rsa-2048");
    const OpenSession session(key.module);
    CK_MECHANISM mechanism{CKM_RSA_PKCS, nullptr, 0};
    const auto init = [&](CK_OBJECT_HANDLE object) {
        return key.module->C_VerifyInit(session.handle(), &mechanism, object);
    };
    CHECK_EQ(init(session.only({entry(CKA_CLASS, CKO_PRIVATE_KEY)})), CKR_KEY_TYPE_INCONSISTENT);
    CHECK_EQ(init(session.find({entry(CKA_CLASS, CKO_CERTIFICATE)})[0]), CKR_KEY_HANDLE_INVALID);
    CHECK_EQ(init(0), CKR_KEY_HANDLE_INVALID);
    CHECK_EQ(init(99), CKR_KEY_HANDLE_INVALID);
    CHECK_EQ(key.module->C_VerifyInit(session.handle(), nullptr, 1), CKR_ARGUMENTS_BAD);
    const auto public_key = session.only({entry(CKA_CLASS, CKO_PUBLIC_KEY)});
    CHECK_EQ(init(public_key), CKR_OK);
    CHECK_EQ(init(public_key), CKR_OPERATION_ACTIVE);
    CHECK_EQ(key.module->C_VerifyInit(session.handle(), nullptr, 0), CKR_OK);  // cancelled
    CK_BYTE byte = 0;
    CHECK_EQ(key.module->C_Verify(session.handle(), &byte, 1, &byte, 1), CKR_OPERATION_NOT_INITIALIZED);
    CHECK_EQ(init(public_key), CKR_OK);
    CHECK_EQ(key.module->C_Verify(session.handle(), nullptr, 1, &byte, 1), CKR_ARGUMENTS_BAD);
    CHECK_EQ(key.module->C_VerifyUpdate(session.handle(), &byte, 1), CKR_OPERATION_NOT_INITIALIZED);
}

TEST(what_the_hsm_does_not_permit_is_not_done) {
    const std::pair<const char *, std::function<void(forge::Object &, std::uint32_t)>> edits[] = {
        {"denied", [](forge::Object &object, std::uint32_t type) { object.set(type, {0}); }},
        {"not stated", [](forge::Object &object, std::uint32_t type) { object.erase(type); }},
        {"neither true nor false", [](forge::Object &object, std::uint32_t type) { object.set(type, {2}); }},
    };
    for (const auto &[name, edit] : edits) {
        const Context context(name);
        forge::Scene scene(forge::default_seed, forge::key_kind("rsa-2048"), forge::Layout::firmware2);
        for (const auto type : {CKA_VERIFY, CKA_ENCRYPT}) edit(*scene.public_object, static_cast<std::uint32_t>(type));
        const Folder folder;
        Module module;
        module.start(source_of(folder, forge::render(scene)));
        const OpenSession session(module);
        const auto key = session.only({entry(CKA_CLASS, CKO_PUBLIC_KEY)});
        CK_MECHANISM mechanism{CKM_RSA_PKCS, nullptr, 0};
        CHECK_EQ(module->C_VerifyInit(session.handle(), &mechanism, key), CKR_KEY_FUNCTION_NOT_PERMITTED);
        CHECK_EQ(module->C_EncryptInit(session.handle(), &mechanism, key), CKR_KEY_FUNCTION_NOT_PERMITTED);
    }
}

TEST(encryption) {
    const Key key("rsa-2048");
    std::string label = "a label";
    CK_RSA_PKCS_OAEP_PARAMS oaep{CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, label.data(), label.size()};
    Encrypter(key, {CKM_RSA_PKCS, nullptr, 0}).check_all(245, "");
    Encrypter(key, {CKM_RSA_PKCS_OAEP, &oaep, sizeof oaep}).check_all(190, label);
    oaep.source = 0;
    CHECK_EQ(Encrypter(key, {CKM_RSA_PKCS_OAEP, &oaep, sizeof oaep}).init(), CKR_MECHANISM_PARAM_INVALID);
    CHECK_EQ(Encrypter(key, {CKM_RSA_PKCS_OAEP, nullptr, 0}).init(), CKR_MECHANISM_PARAM_INVALID);
    CHECK_EQ(Encrypter(key, {CKM_SHA256_RSA_PKCS, nullptr, 0}).init(), CKR_MECHANISM_INVALID);
}

TEST(mechanisms_are_public_operations_only) {
    const Key key("rsa-2048");
    CK_ULONG number = 0;
    CHECK_EQ(key.module->C_GetMechanismList(0, nullptr, &number), CKR_OK);
    std::vector<CK_MECHANISM_TYPE> types(number);
    CHECK_EQ(key.module->C_GetMechanismList(0, types.data(), &number), CKR_OK);
    CHECK_EQ(types.size(), 13U);
    for (const auto type : types) {
        CK_MECHANISM_INFO info;
        CHECK_EQ(key.module->C_GetMechanismInfo(0, type, &info), CKR_OK);
        constexpr CK_FLAGS secret_operations =
            CKF_SIGN | CKF_DECRYPT | CKF_UNWRAP | CKF_GENERATE | CKF_GENERATE_KEY_PAIR | CKF_DERIVE | CKF_HW;
        CHECK_EQ(info.flags & secret_operations, 0U);
        CHECK((info.flags & (CKF_VERIFY | CKF_ENCRYPT)) != 0);
    }
    CK_MECHANISM_INFO info;
    CHECK_EQ(key.module->C_GetMechanismInfo(0, CKM_AES_CBC, &info), CKR_MECHANISM_INVALID);
    number = 3;
    CHECK_EQ(key.module->C_GetMechanismList(0, types.data(), &number), CKR_BUFFER_TOO_SMALL);
}
