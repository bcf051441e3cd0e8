// KEYMGMT RSA and EC: attested public keys. Everything but the attestation is answered by the key in the
// provider's own context; signatures and encryption happen in whatever provider the application uses.
#include "keymgmt.h"
#include "params.h"

namespace mhsm::provider {
namespace {

OSSL_FUNC_keymgmt_load_fn load_rsa, load_ec;
OSSL_FUNC_keymgmt_match_fn match;
OSSL_FUNC_keymgmt_get_params_fn get_params;
OSSL_FUNC_keymgmt_gettable_params_fn gettable_rsa_params, gettable_ec_params;
OSSL_FUNC_keymgmt_export_fn export_key;
OSSL_FUNC_keymgmt_export_types_fn export_rsa_types, export_ec_types;
OSSL_FUNC_keymgmt_query_operation_name_fn rsa_operation_name, ec_operation_name;

constexpr int exportable = OSSL_KEYMGMT_SELECT_PUBLIC_KEY | OSSL_KEYMGMT_SELECT_ALL_PARAMETERS;

void *load_rsa(const void *reference, std::size_t size) { return load_key(reference, size, "RSA"); }
void *load_ec(const void *reference, std::size_t size) { return load_key(reference, size, "EC"); }

int match(const void *first, const void *second, int selection) {
    const auto *a = key_of(first).public_key.get();
    const auto *b = key_of(second).public_key.get();
    if (a == nullptr || b == nullptr) return 0;
    const ErrorScope errors;
    if ((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) != 0) return EVP_PKEY_eq(a, b) == 1 ? 1 : 0;
    return EVP_PKEY_parameters_eq(a, b) == 1 ? 1 : 0;
}

int get_params(void *keydata, OSSL_PARAM params[]) {
    const auto &key = key_of(keydata);
    if (!key.attested) return 0;
    return guard(key.context->upcalls(), 0, [&] {
        const ErrorScope errors;
        return EVP_PKEY_get_params(key.public_key.get(), params) == 1 && get_attested_params(*key.attested, params)
                   ? 1
                   : 0;
    });
}

const OSSL_PARAM *gettable_rsa_params(void * /*provctx*/) {
    static const OSSL_PARAM params[] = {OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, nullptr),
                                        OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, nullptr),
                                        OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, nullptr),
                                        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, nullptr, 0),
                                        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, nullptr, 0),
                                        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, nullptr, 0),
                                        ATTESTED_PARAM_DESCRIPTORS,
                                        OSSL_PARAM_END};
    return params;
}

const OSSL_PARAM *gettable_ec_params(void * /*provctx*/) {
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, nullptr),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, nullptr),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, nullptr),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, nullptr, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, nullptr, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, nullptr, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_ENCODING, nullptr, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, nullptr, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_FIELD_TYPE, nullptr, 0),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, nullptr),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_P, nullptr, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_A, nullptr, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_B, nullptr, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_EC_GENERATOR, nullptr, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_ORDER, nullptr, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_COFACTOR, nullptr, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, nullptr, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_PUB_X, nullptr, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_PUB_Y, nullptr, 0),
        ATTESTED_PARAM_DESCRIPTORS,
        OSSL_PARAM_END};
    return params;
}

// Ordinary operations run on a copy of the public half in another provider.
int export_key(void *keydata, int selection, OSSL_CALLBACK *callback, void *argument) {
    const auto &key = key_of(keydata);
    if (!key.public_key || (selection & exportable) == 0) return 0;
    return EVP_PKEY_export(key.public_key.get(), selection & exportable, callback, argument);
}

const OSSL_PARAM *export_rsa_types(int selection) {
    static const OSSL_PARAM types[] = {OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, nullptr, 0),
                                       OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, nullptr, 0), OSSL_PARAM_END};
    return (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0 ? types : nullptr;
}

const OSSL_PARAM *export_ec_types(int selection) {
    static const OSSL_PARAM types[] = {OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, nullptr, 0),
                                       OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, nullptr, 0), OSSL_PARAM_END};
    return (selection & exportable) != 0 ? types : nullptr;
}

const char *rsa_operation_name(int /*operation*/) { return "RSA"; }

const char *ec_operation_name(int operation) {
    switch (operation) {
        case OSSL_OP_SIGNATURE: return "ECDSA";
        case OSSL_OP_KEYEXCH: return "ECDH";
        default: return "EC";
    }
}

}  // namespace

const OSSL_DISPATCH *rsa_keymgmt() {
    static const OSSL_DISPATCH table[] = {row(OSSL_FUNC_KEYMGMT_NEW, new_empty_key),
                                          row(OSSL_FUNC_KEYMGMT_FREE, free_key),
                                          row(OSSL_FUNC_KEYMGMT_LOAD, load_rsa),
                                          row(OSSL_FUNC_KEYMGMT_HAS, has_key),
                                          row(OSSL_FUNC_KEYMGMT_MATCH, match),
                                          row(OSSL_FUNC_KEYMGMT_VALIDATE, validate_key),
                                          row(OSSL_FUNC_KEYMGMT_DUP, duplicate_key),
                                          row(OSSL_FUNC_KEYMGMT_GET_PARAMS, get_params),
                                          row(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, gettable_rsa_params),
                                          row(OSSL_FUNC_KEYMGMT_EXPORT, export_key),
                                          row(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, export_rsa_types),
                                          row(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, rsa_operation_name),
                                          end_of_rows};
    return table;
}

const OSSL_DISPATCH *ec_keymgmt() {
    static const OSSL_DISPATCH table[] = {row(OSSL_FUNC_KEYMGMT_NEW, new_empty_key),
                                          row(OSSL_FUNC_KEYMGMT_FREE, free_key),
                                          row(OSSL_FUNC_KEYMGMT_LOAD, load_ec),
                                          row(OSSL_FUNC_KEYMGMT_HAS, has_key),
                                          row(OSSL_FUNC_KEYMGMT_MATCH, match),
                                          row(OSSL_FUNC_KEYMGMT_VALIDATE, validate_key),
                                          row(OSSL_FUNC_KEYMGMT_DUP, duplicate_key),
                                          row(OSSL_FUNC_KEYMGMT_GET_PARAMS, get_params),
                                          row(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, gettable_ec_params),
                                          row(OSSL_FUNC_KEYMGMT_EXPORT, export_key),
                                          row(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, export_ec_types),
                                          row(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, ec_operation_name),
                                          end_of_rows};
    return table;
}

}  // namespace mhsm::provider
