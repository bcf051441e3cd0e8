// The entry point, and what this provider says about itself.
#include <openssl/core_names.h>
#include <openssl/params.h>

#include "context.h"
#include "dispatch.h"
#include "mhsmattest.h"
#include "reason_strings.h"

extern "C" {
__attribute__((visibility("default"))) OSSL_provider_init_fn OSSL_provider_init;
}

namespace mhsm::provider {
namespace {

OSSL_FUNC_provider_teardown_fn teardown;
OSSL_FUNC_provider_gettable_params_fn gettable_params;
OSSL_FUNC_provider_get_params_fn get_params;
OSSL_FUNC_provider_query_operation_fn query_operation;
OSSL_FUNC_provider_get_reason_strings_fn get_reason_strings;

constexpr const char *any = "provider=" MHSMATTEST_PROVIDER_NAME;
constexpr const char *from_json = "provider=" MHSMATTEST_PROVIDER_NAME ",input=JSON";
constexpr const char *from_evidence = "provider=" MHSMATTEST_PROVIDER_NAME ",input=DER,structure=" MHSMATTEST_STRUCTURE;
constexpr const char *to_text = "provider=" MHSMATTEST_PROVIDER_NAME ",output=text";
constexpr const char *to_der = "provider=" MHSMATTEST_PROVIDER_NAME ",output=der,structure=SubjectPublicKeyInfo";
constexpr const char *to_pem = "provider=" MHSMATTEST_PROVIDER_NAME ",output=pem,structure=SubjectPublicKeyInfo";
constexpr const char *rsa_names = "RSA:rsaEncryption:1.2.840.113549.1.1.1";
constexpr const char *ec_names = "EC:id-ecPublicKey:1.2.840.10045.2.1";
constexpr OSSL_ALGORITHM end_of_algorithms{nullptr, nullptr, nullptr, nullptr};

void teardown(void *provctx) { const std::unique_ptr<Context> owner(static_cast<Context *>(provctx)); }

const OSSL_PARAM *gettable_params(void * /*provctx*/) {
    static const OSSL_PARAM params[] = {OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_NAME, nullptr, 0),
                                        OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_VERSION, nullptr, 0),
                                        OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_BUILDINFO, nullptr, 0),
                                        OSSL_PARAM_int(OSSL_PROV_PARAM_STATUS, nullptr), OSSL_PARAM_END};
    return params;
}

int get_params(void * /*provctx*/, OSSL_PARAM params[]) {
    struct Fact {
        const char *name, *value;
    };
    for (const auto &fact : {Fact{OSSL_PROV_PARAM_NAME, "Azure Managed HSM key attestation provider"},
                             Fact{OSSL_PROV_PARAM_VERSION, MHSMATTEST_VERSION},
                             Fact{OSSL_PROV_PARAM_BUILDINFO, MHSMATTEST_VERSION " for " OPENSSL_VERSION_TEXT}}) {
        OSSL_PARAM *param = OSSL_PARAM_locate(params, fact.name);
        if (param != nullptr && OSSL_PARAM_set_utf8_ptr(param, fact.value) != 1) return 0;
    }
    OSSL_PARAM *status = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_STATUS);
    return status == nullptr || OSSL_PARAM_set_int(status, 1) == 1 ? 1 : 0;
}

const OSSL_ALGORITHM *key_managers() {
    static const OSSL_ALGORITHM list[] = {
        {rsa_names, any, rsa_keymgmt(), "RSA keys attested by Azure Managed HSM"},
        {ec_names, any, ec_keymgmt(), "EC keys attested by Azure Managed HSM"},
        {MHSMATTEST_KEY_TYPE, any, attestation_keymgmt(), "Key attestations of Azure Managed HSM"},
        end_of_algorithms};
    return list;
}

const OSSL_ALGORITHM *decoders() {
    static const OSSL_ALGORITHM list[] = {
        {"DER", from_json, json_decoder(), "Evidence (JSON)"},
        {rsa_names, from_evidence, rsa_decoder(), "Evidence of RSA keys"},
        {ec_names, from_evidence, ec_decoder(), "Evidence of EC keys"},
        {MHSMATTEST_KEY_TYPE, from_evidence, attestation_decoder(), "Evidence of symmetric keys"},
        end_of_algorithms};
    return list;
}

const OSSL_ALGORITHM *encoders() {
    static const OSSL_ALGORITHM list[] = {
        {rsa_names, to_text, text_encoder(), "Attested RSA keys as text"},
        {ec_names, to_text, text_encoder(), "Attested EC keys as text"},
        {MHSMATTEST_KEY_TYPE, to_text, text_encoder(), "Key attestations as text"},
        {MHSMATTEST_KEY_TYPE, to_der, der_encoder(), "Public keys of key attestations"},
        {MHSMATTEST_KEY_TYPE, to_pem, pem_encoder(), "Public keys of key attestations"},
        end_of_algorithms};
    return list;
}

const OSSL_ALGORITHM *stores() {
    static const OSSL_ALGORITHM list[] = {
        {MHSMATTEST_URI_SCHEME, any, store(), "Keys and certificates of evidence, by URI"}, end_of_algorithms};
    return list;
}

const OSSL_ALGORITHM *signatures() {
    static const OSSL_ALGORITHM list[] = {
        {MHSMATTEST_SIGNATURE_MRVL1, any, mrvl1_signature(), "Blobs signed by Marvell LiquidSecurity partitions"},
        end_of_algorithms};
    return list;
}

const OSSL_ALGORITHM *query_operation(void * /*provctx*/, int operation, int *no_cache) {
    *no_cache = 0;
    switch (operation) {
        case OSSL_OP_KEYMGMT: return key_managers();
        case OSSL_OP_DECODER: return decoders();
        case OSSL_OP_ENCODER: return encoders();
        case OSSL_OP_STORE: return stores();
        case OSSL_OP_SIGNATURE: return signatures();
        default: return nullptr;
    }
}

const OSSL_ITEM *get_reason_strings(void * /*provctx*/) { return reason_strings(); }

const OSSL_DISPATCH *provider_functions() {
    static const OSSL_DISPATCH table[] = {row(OSSL_FUNC_PROVIDER_TEARDOWN, teardown),
                                          row(OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, gettable_params),
                                          row(OSSL_FUNC_PROVIDER_GET_PARAMS, get_params),
                                          row(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query_operation),
                                          row(OSSL_FUNC_PROVIDER_GET_REASON_STRINGS, get_reason_strings),
                                          end_of_rows};
    return table;
}

// crypto-config may name a file that activates this very provider, which would not end.
class Nesting {
public:
    Nesting() { ++depth; }
    ~Nesting() { --depth; }
    Nesting(const Nesting &) = delete;
    Nesting &operator=(const Nesting &) = delete;
    static bool too_deep() { return depth > 1; }

private:
    static thread_local int depth;
};
thread_local int Nesting::depth = 0;

}  // namespace
}  // namespace mhsm::provider

int OSSL_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
                       void **provctx) {
    using namespace mhsm::provider;
    const Upcalls upcalls(handle, in);
    if (!upcalls.complete()) return 0;
    const Nesting nesting;
    return guard(upcalls, 0, [&] {
        try {
            if (Nesting::too_deep())
                fail(ProviderReason::config_malformed, "module parameter " MHSMATTEST_CONFIG_CRYPTO_CONFIG,
                     "activates mhsmattest itself");
            *provctx = std::make_unique<Context>(upcalls).release();
        } catch (Error &error) {
            // libcrypto does not know our reason strings yet.
            error.data = with_text(error);
            error.number = ERR_R_PASSED_INVALID_ARGUMENT;
            throw;
        }
        *out = provider_functions();
        return 1;
    });
}
