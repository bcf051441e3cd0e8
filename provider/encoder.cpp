// ENCODER text: the key as OpenSSL prints it, then what was attested.
#include <openssl/core_names.h>

#include "dispatch.h"
#include "keymgmt.h"
#include "text.h"

namespace mhsm::provider {
namespace {

OSSL_FUNC_encoder_newctx_fn new_encoder;
OSSL_FUNC_encoder_freectx_fn free_encoder;
OSSL_FUNC_encoder_does_selection_fn does_selection;
OSSL_FUNC_encoder_encode_fn encode;

// There is no state beside the provider's own.
void *new_encoder(void *provctx) { return provctx; }
void free_encoder(void * /*encoderctx*/) {}

int does_selection(void * /*provctx*/, int selection) {
    return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 ? 1 : 0;
}

int encode(void *encoderctx, OSSL_CORE_BIO *out, const void *object, const OSSL_PARAM abstract[], int /*selection*/,
           OSSL_PASSPHRASE_CALLBACK * /*passphrase*/, void * /*passphrase_argument*/) {
    const auto &upcalls = context_of(encoderctx).upcalls();
    return guard(upcalls, 0, [&] {
        if (object == nullptr || abstract != nullptr || !key_of(object).attested)
            fail(Reason::internal, "text", "not an attested key");
        return upcalls.write(out, text_of(key_of(object))) ? 1 : 0;
    });
}

}  // namespace

const OSSL_DISPATCH *text_encoder() {
    static const OSSL_DISPATCH table[] = {row(OSSL_FUNC_ENCODER_NEWCTX, new_encoder),
                                          row(OSSL_FUNC_ENCODER_FREECTX, free_encoder),
                                          row(OSSL_FUNC_ENCODER_DOES_SELECTION, does_selection),
                                          row(OSSL_FUNC_ENCODER_ENCODE, encode), end_of_rows};
    return table;
}

}  // namespace mhsm::provider
