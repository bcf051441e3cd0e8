// SIGNATURE MRVL-1: whether the HSM partition of a verified attestation signed a blob, in the form that the
// layout of the blob demands. Verification only; the key is an MHSM-ATTESTATION.
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include <algorithm>

#include "core/blob.h"
#include "keymgmt.h"
#include "support/files.h"

namespace mhsm::provider {
namespace {

OSSL_FUNC_signature_newctx_fn new_context;
OSSL_FUNC_signature_freectx_fn free_context;
OSSL_FUNC_signature_dupctx_fn duplicate_context;
OSSL_FUNC_signature_verify_init_fn verify_init;
OSSL_FUNC_signature_verify_fn verify_blob;
OSSL_FUNC_signature_digest_verify_init_fn digest_verify_init;
OSSL_FUNC_signature_digest_verify_update_fn digest_verify_update;
OSSL_FUNC_signature_digest_verify_final_fn digest_verify_final;
OSSL_FUNC_signature_digest_verify_fn digest_verify;

struct Verification {
    Context &context;
    X509Ptr partition;
    Bytes collected;
};

Verification &verification_of(void *ctx) { return *static_cast<Verification *>(ctx); }

void *new_context(void *provctx, const char * /*properties*/) {
    auto &context = context_of(provctx);
    return guard(context.upcalls(), static_cast<void *>(nullptr), [&]() -> void * {
        return std::make_unique<Verification>(Verification{context, nullptr, {}}).release();
    });
}

void free_context(void *ctx) { const std::unique_ptr<Verification> owner(static_cast<Verification *>(ctx)); }

void *duplicate_context(void *ctx) {
    const auto &original = verification_of(ctx);
    return guard(original.context.upcalls(), static_cast<void *>(nullptr), [&]() -> void * {
        auto copy = std::make_unique<Verification>(Verification{original.context, nullptr, original.collected});
        if (original.partition) {
            X509_up_ref(original.partition.get());
            copy->partition.reset(original.partition.get());
        }
        return copy.release();
    });
}

void start(Verification &verification, const void *keydata) {
    verification.collected.clear();
    if (keydata == nullptr) {  // again, with the key of the last time
        if (!verification.partition) fail(Reason::internal, "MRVL-1", "no key");
        return;
    }
    const auto &attested = key_of(keydata).attested;
    if (!attested) fail(Reason::internal, "MRVL-1", "empty key");
    const auto &certificates = attested->report.certificates;
    const auto found = std::ranges::find(certificates, "partition", &CertificateFacts::role);
    if (found == certificates.end()) fail(Reason::internal, "MRVL-1", "no partition certificate");
    const ErrorScope errors;
    verification.partition = parse_certificate(verification.context.libctx(), found->der);
    if (!verification.partition) fail(ProviderReason::crypto_unavailable, "MRVL-1", "partition certificate");
}

void refuse_params(const OSSL_PARAM params[]) {
    if (params != nullptr && params->key != nullptr)
        fail(ProviderReason::signature_parameter, "MRVL-1", params->key);
}

// The blob as the HSM made it: its data, then its signature.
int judge(const Verification &verification, ByteView data, ByteView signature) {
    if (!verification.partition) fail(Reason::internal, "MRVL-1", "not initialised");
    if (data.size() > support::file_limit || signature.size() > support::file_limit)
        fail(Reason::blob_unrecognised, "MRVL-1", "too large");
    EVP_PKEY *key = X509_get0_pubkey(verification.partition.get());
    const int size = EVP_PKEY_get_size(key);
    if (size <= 0 || signature.size() != static_cast<std::size_t>(size))
        fail(Reason::signature_mismatch, "MRVL-1", "a signature of " + std::to_string(signature.size()) + " bytes");
    Bytes whole(data.begin(), data.end());
    whole.insert(whole.end(), signature.begin(), signature.end());
    const auto blob = parse_blob(whole, signature.size(), "blob");
    if (!blob) fail("MRVL-1", blob.failure());
    const ErrorScope errors;
    const auto outcome = verify_blob_signature(verification.context.libctx(), *blob, key, "blob");
    if (!outcome.passed()) fail("MRVL-1", Failure{outcome.reason, outcome.subject, outcome.detail});
    return 1;
}

int verify_init(void *ctx, void *keydata, const OSSL_PARAM params[]) {
    auto &verification = verification_of(ctx);
    return guard(verification.context.upcalls(), 0, [&] {
        refuse_params(params);
        start(verification, keydata);
        return 1;
    });
}

int verify_blob(void *ctx, const unsigned char *signature, std::size_t signature_size, const unsigned char *data,
                std::size_t size) {
    const auto &verification = verification_of(ctx);
    return guard(verification.context.upcalls(), 0,
                 [&] { return judge(verification, ByteView(data, size), ByteView(signature, signature_size)); });
}

bool is_sha256(const char *name) {
    return *name == '\0' || OPENSSL_strcasecmp(name, "SHA256") == 0 || OPENSSL_strcasecmp(name, "SHA2-256") == 0;
}

int digest_verify_init(void *ctx, const char *digest, void *keydata, const OSSL_PARAM params[]) {
    auto &verification = verification_of(ctx);
    return guard(verification.context.upcalls(), 0, [&] {
        if (digest != nullptr && !is_sha256(digest)) fail(ProviderReason::signature_parameter, "MRVL-1", digest);
        refuse_params(params);
        start(verification, keydata);
        return 1;
    });
}

int digest_verify_update(void *ctx, const unsigned char *data, std::size_t size) {
    auto &verification = verification_of(ctx);
    return guard(verification.context.upcalls(), 0, [&] {
        if (size > support::file_limit || verification.collected.size() > support::file_limit - size)
            fail(Reason::blob_unrecognised, "MRVL-1", "too large");
        verification.collected.insert(verification.collected.end(), data, data + size);
        return 1;
    });
}

int digest_verify_final(void *ctx, const unsigned char *signature, std::size_t size) {
    const auto &verification = verification_of(ctx);
    return guard(verification.context.upcalls(), 0,
                 [&] { return judge(verification, verification.collected, ByteView(signature, size)); });
}

int digest_verify(void *ctx, const unsigned char *signature, std::size_t signature_size, const unsigned char *data,
                  std::size_t size) {
    return verify_blob(ctx, signature, signature_size, data, size);
}

}  // namespace

const OSSL_DISPATCH *mrvl1_signature() {
    static const OSSL_DISPATCH table[] = {row(OSSL_FUNC_SIGNATURE_NEWCTX, new_context),
                                          row(OSSL_FUNC_SIGNATURE_FREECTX, free_context),
                                          row(OSSL_FUNC_SIGNATURE_DUPCTX, duplicate_context),
                                          row(OSSL_FUNC_SIGNATURE_VERIFY_INIT, verify_init),
                                          row(OSSL_FUNC_SIGNATURE_VERIFY, verify_blob),
                                          row(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_INIT, digest_verify_init),
                                          row(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_UPDATE, digest_verify_update),
                                          row(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_FINAL, digest_verify_final),
                                          row(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY, digest_verify), end_of_rows};
    return table;
}

}  // namespace mhsm::provider
