// DECODER JSON -> evidence -> key, in two steps because OpenSSL's file loader knows only DER as a start.
// The first verifies, since only its error is shown; the second verifies again (from memory, in the ordinary
// case), since what reaches it is input like any other.
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/params.h>

#include "attested_key.h"
#include "decoder_input.h"
#include "dispatch.h"
#include "mhsmattest.h"

namespace mhsm::provider {
namespace {

OSSL_FUNC_decoder_newctx_fn new_decoder;
OSSL_FUNC_decoder_freectx_fn free_decoder;
OSSL_FUNC_decoder_does_selection_fn does_selection;
OSSL_FUNC_decoder_decode_fn decode_json, decode_rsa, decode_ec, decode_attestation;
OSSL_FUNC_decoder_export_object_fn export_object;

// There is no state beside the provider's own. OpenSSL 3.0 makes and drops dozens of these for each key that anybody
// loads, so they cost nothing.
void *new_decoder(void *provctx) { return provctx; }
void free_decoder(void * /*decoderctx*/) {}

int does_selection(void * /*provctx*/, int selection) {
    if (selection == 0) return 1;
    if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0) return 0;
    return (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0 ? 1 : 0;
}

AttestedPtr verify_input(Context &context, ByteView json) {
    if (json.size() > stream_limit)
        fail(Reason::json_too_large, "evidence.json", "more than " + std::to_string(stream_limit >> 10U) + " KiB");
    return context.verified(json);
}

// Evidence that verifies is passed on as it is; foreign bytes are left to other decoders.
int decode_json(void *decoderctx, OSSL_CORE_BIO *in, int selection, OSSL_CALLBACK *callback, void *argument,
                OSSL_PASSPHRASE_CALLBACK * /*passphrase*/, void * /*passphrase_argument*/) {
    auto &context = context_of(decoderctx);
    return guard(context.upcalls(), 0, [&] {
        const auto json = read_evidence(context.upcalls(), in);
        if (!json) return 1;
        const auto attested = verify_input(context, json->view());
        if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0) fail(ProviderReason::no_private_key, "evidence", "");
        int type = OSSL_OBJECT_PKEY;
        std::string key_type = key_type_of(*attested);
        std::string structure = MHSMATTEST_STRUCTURE;
        const OSSL_PARAM params[] = {
            OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
            OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE, key_type.data(), 0),
            OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_STRUCTURE, structure.data(), 0),
            OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_DATA, json->data(), json->view().size()),
            OSSL_PARAM_construct_end()};
        return callback(params, argument);
    });
}

// A key of the given type, if the evidence is about one.
int decode_key(void *decoderctx, std::string_view key_type, OSSL_CORE_BIO *in, OSSL_CALLBACK *callback, void *argument,
               const char *entry = __builtin_FUNCTION()) {
    auto &context = context_of(decoderctx);
    return guard(
        context.upcalls(), 0,
        [&] {
            const auto json = read_evidence(context.upcalls(), in);
            if (!json) return 1;
            auto attested = verify_input(context, json->view());
            if (key_type != key_type_of(*attested)) return 1;
            return hand_over(make_key(context, std::move(attested)), callback, argument);
        },
        entry);
}

int decode_rsa(void *decoderctx, OSSL_CORE_BIO *in, int /*selection*/, OSSL_CALLBACK *callback, void *argument,
               OSSL_PASSPHRASE_CALLBACK * /*passphrase*/, void * /*passphrase_argument*/) {
    return decode_key(decoderctx, "RSA", in, callback, argument);
}

int decode_ec(void *decoderctx, OSSL_CORE_BIO *in, int /*selection*/, OSSL_CALLBACK *callback, void *argument,
              OSSL_PASSPHRASE_CALLBACK * /*passphrase*/, void * /*passphrase_argument*/) {
    return decode_key(decoderctx, "EC", in, callback, argument);
}

int decode_attestation(void *decoderctx, OSSL_CORE_BIO *in, int /*selection*/, OSSL_CALLBACK *callback, void *argument,
                       OSSL_PASSPHRASE_CALLBACK * /*passphrase*/, void * /*passphrase_argument*/) {
    return decode_key(decoderctx, MHSMATTEST_KEY_TYPE, in, callback, argument);
}

// Called only where libcrypto settled on another provider's key manager, which would make a key without its
// attestation of it: refused. (Without this function libcrypto 3.0 crashes there.)
int export_object(void * /*decoderctx*/, const void * /*reference*/, std::size_t /*size*/, OSSL_CALLBACK * /*callback*/,
                  void * /*argument*/) {
    return 0;
}

}  // namespace

const OSSL_DISPATCH *json_decoder() {
    static const OSSL_DISPATCH table[] = {
        row(OSSL_FUNC_DECODER_NEWCTX, new_decoder), row(OSSL_FUNC_DECODER_FREECTX, free_decoder),
        row(OSSL_FUNC_DECODER_DOES_SELECTION, does_selection), row(OSSL_FUNC_DECODER_DECODE, decode_json), end_of_rows};
    return table;
}

#define KEY_DECODER_TABLE(decode)                                                                \
    static const OSSL_DISPATCH table[] = {row(OSSL_FUNC_DECODER_NEWCTX, new_decoder),            \
                                          row(OSSL_FUNC_DECODER_FREECTX, free_decoder),          \
                                          row(OSSL_FUNC_DECODER_DOES_SELECTION, does_selection), \
                                          row(OSSL_FUNC_DECODER_DECODE, decode),                 \
                                          row(OSSL_FUNC_DECODER_EXPORT_OBJECT, export_object),   \
                                          end_of_rows}

const OSSL_DISPATCH *rsa_decoder() {
    KEY_DECODER_TABLE(decode_rsa);
    return table;
}

const OSSL_DISPATCH *ec_decoder() {
    KEY_DECODER_TABLE(decode_ec);
    return table;
}

const OSSL_DISPATCH *attestation_decoder() {
    KEY_DECODER_TABLE(decode_attestation);
    return table;
}

}  // namespace mhsm::provider
