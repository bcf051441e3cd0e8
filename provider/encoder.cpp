// ENCODER text: the key as OpenSSL prints it, then what was attested. RSA and EC keys are otherwise written by
// OpenSSL's own providers, to which they are exported; the public half of an MHSM-ATTESTATION is written here.
#include <openssl/core_names.h>
#include <openssl/pem.h>

#include "dispatch.h"
#include "keymgmt.h"
#include "text.h"

namespace mhsm::provider {
namespace {

OSSL_FUNC_encoder_newctx_fn new_encoder;
OSSL_FUNC_encoder_freectx_fn free_encoder;
OSSL_FUNC_encoder_does_selection_fn does_selection;
OSSL_FUNC_encoder_encode_fn encode_text, encode_der, encode_pem;

// There is no state beside the provider's own.
void *new_encoder(void *provctx) { return provctx; }
void free_encoder(void * /*encoderctx*/) {}

int does_selection(void * /*provctx*/, int selection) {
    return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 ? 1 : 0;
}

using Write = int(BIO *, const EVP_PKEY *);

std::string public_half(const AttestedKey &key, Write *write) {
    const auto public_key = public_key_of(key.context->libctx(), *key.attested);
    if (!public_key) fail(Reason::symmetric_key, key.attested->report.key->id, "");
    const ErrorScope errors;
    const BioPtr bio(BIO_new(BIO_s_mem()));
    if (!bio || write(bio.get(), public_key.get()) != 1)
        fail(ProviderReason::crypto_unavailable, "public key", "libcrypto does not write it");
    return content(bio.get());
}

std::string der_of(const AttestedKey &key) { return public_half(key, i2d_PUBKEY_bio); }
std::string pem_of(const AttestedKey &key) { return public_half(key, PEM_write_bio_PUBKEY); }

using Form = std::string(const AttestedKey &);

int encode(void *encoderctx, OSSL_CORE_BIO *out, const void *object, const OSSL_PARAM abstract[], Form *form,
           const char *entry = __builtin_FUNCTION()) {
    const auto &upcalls = context_of(encoderctx).upcalls();
    return guard(
        upcalls, 0,
        [&] {
            if (object == nullptr || abstract != nullptr || !key_of(object).attested)
                fail(Reason::internal, "encoder", "not an attested key");
            return upcalls.write(out, form(key_of(object))) ? 1 : 0;
        },
        entry);
}

int encode_text(void *encoderctx, OSSL_CORE_BIO *out, const void *object, const OSSL_PARAM abstract[],
                int /*selection*/, OSSL_PASSPHRASE_CALLBACK * /*passphrase*/, void * /*passphrase_argument*/) {
    return encode(encoderctx, out, object, abstract, text_of);
}

int encode_der(void *encoderctx, OSSL_CORE_BIO *out, const void *object, const OSSL_PARAM abstract[], int /*selection*/,
               OSSL_PASSPHRASE_CALLBACK * /*passphrase*/, void * /*passphrase_argument*/) {
    return encode(encoderctx, out, object, abstract, der_of);
}

int encode_pem(void *encoderctx, OSSL_CORE_BIO *out, const void *object, const OSSL_PARAM abstract[], int /*selection*/,
               OSSL_PASSPHRASE_CALLBACK * /*passphrase*/, void * /*passphrase_argument*/) {
    return encode(encoderctx, out, object, abstract, pem_of);
}

}  // namespace

#define ENCODER_TABLE(encode)                                                                     \
    static const OSSL_DISPATCH table[] = {                                                        \
        row(OSSL_FUNC_ENCODER_NEWCTX, new_encoder), row(OSSL_FUNC_ENCODER_FREECTX, free_encoder), \
        row(OSSL_FUNC_ENCODER_DOES_SELECTION, does_selection), row(OSSL_FUNC_ENCODER_ENCODE, encode), end_of_rows}

const OSSL_DISPATCH *text_encoder() {
    ENCODER_TABLE(encode_text);
    return table;
}

const OSSL_DISPATCH *der_encoder() {
    ENCODER_TABLE(encode_der);
    return table;
}

const OSSL_DISPATCH *pem_encoder() {
    ENCODER_TABLE(encode_pem);
    return table;
}

}  // namespace mhsm::provider
