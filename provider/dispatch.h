// The dispatch tables of this provider, and how their rows are written.
#pragma once

#include <openssl/core_dispatch.h>

namespace mhsm::provider {

// One row; `function` has been declared with its OSSL_FUNC_*_fn type.
template <class Function>
OSSL_DISPATCH row(int id, Function *function) {
    return {id, reinterpret_cast<void (*)(void)>(function)};
}
inline constexpr OSSL_DISPATCH end_of_rows{0, nullptr};

const OSSL_DISPATCH *rsa_keymgmt();
const OSSL_DISPATCH *ec_keymgmt();
const OSSL_DISPATCH *attestation_keymgmt();
const OSSL_DISPATCH *store();
const OSSL_DISPATCH *json_decoder();
const OSSL_DISPATCH *rsa_decoder();
const OSSL_DISPATCH *ec_decoder();
const OSSL_DISPATCH *attestation_decoder();
const OSSL_DISPATCH *text_encoder();
const OSSL_DISPATCH *der_encoder();
const OSSL_DISPATCH *pem_encoder();
const OSSL_DISPATCH *mrvl1_signature();

}  // namespace mhsm::provider
