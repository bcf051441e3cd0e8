// KEYMGMT MHSM-ATTESTATION: the evidence itself as a key. Symmetric keys come as nothing else, and
// EVP_PKEY_fromdata verifies evidence of every kind into one.
#include <openssl/params.h>

#include <cstring>

#include "keymgmt.h"
#include "params.h"

namespace mhsm::provider {
namespace {

OSSL_FUNC_keymgmt_load_fn load;
OSSL_FUNC_keymgmt_match_fn match;
OSSL_FUNC_keymgmt_get_params_fn get_params;
OSSL_FUNC_keymgmt_gettable_params_fn gettable_params;
OSSL_FUNC_keymgmt_import_fn import_evidence;
OSSL_FUNC_keymgmt_import_types_fn import_types;
OSSL_FUNC_keymgmt_export_fn export_evidence;
OSSL_FUNC_keymgmt_export_types_fn export_types;
OSSL_FUNC_keymgmt_query_operation_name_fn operation_name;

void *load(const void *reference, std::size_t size) { return load_key(reference, size, MHSMATTEST_KEY_TYPE); }

// Two attestations are equal if they are the same bytes.
int match(const void *first, const void *second, int /*selection*/) {
    const auto &a = key_of(first).attested;
    const auto &b = key_of(second).attested;
    return a && b && a->evidence == b->evidence ? 1 : 0;
}

// Strength as OpenSSL counts it (SP 800-57).
int security_bits(const KeyFacts &key) {
    if (key.type == "RSA") return BN_security_bits(key.bits, -1);
    return key.type == "EC" ? key.bits / 2 : key.bits;
}

int largest_signature(const AttestedKey &key) {
    for (const auto &certificate : key.attested->report.certificates) {
        if (certificate.role != "partition") continue;
        const auto parsed = parse_certificate(key.context->libctx(), certificate.der);
        return parsed ? EVP_PKEY_get_size(X509_get0_pubkey(parsed.get())) : 0;
    }
    return 0;
}

bool set_int(OSSL_PARAM params[], const char *name, int value) {
    OSSL_PARAM *param = OSSL_PARAM_locate(params, name);
    return param == nullptr || OSSL_PARAM_set_int(param, value) == 1;
}

int get_params(void *keydata, OSSL_PARAM params[]) {
    const auto &key = key_of(keydata);
    return guard(key.context->upcalls(), 0, [&] {
        if (!key.attested) return 0;
        const ErrorScope errors;
        const auto &facts = *key.attested->report.key;
        OSSL_PARAM *public_key = OSSL_PARAM_locate(params, MHSMATTEST_PARAM_PUBLIC_KEY);
        const auto der = public_key != nullptr ? facts.public_key.der() : Bytes{};
        OSSL_PARAM *digest = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_MANDATORY_DIGEST);
        const bool good = set_int(params, OSSL_PKEY_PARAM_BITS, facts.bits) &&
                          set_int(params, OSSL_PKEY_PARAM_SECURITY_BITS, security_bits(facts)) &&
                          set_int(params, OSSL_PKEY_PARAM_MAX_SIZE, largest_signature(key)) &&
                          (digest == nullptr || OSSL_PARAM_set_utf8_string(digest, "") == 1) &&
                          (public_key == nullptr || der.empty() ||
                           OSSL_PARAM_set_octet_string(public_key, der.data(), der.size()) == 1) &&
                          get_attested_params(*key.attested, params);
        return good ? 1 : 0;
    });
}

const OSSL_PARAM *gettable_params(void * /*provctx*/) {
    static const OSSL_PARAM params[] = {OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, nullptr),
                                        OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, nullptr),
                                        OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, nullptr),
                                        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, nullptr, 0),
                                        OSSL_PARAM_octet_string(MHSMATTEST_PARAM_PUBLIC_KEY, nullptr, 0),
                                        ATTESTED_PARAM_DESCRIPTORS,
                                        OSSL_PARAM_END};
    return params;
}

// The parameters of EVP_PKEY_fromdata.
struct Given {
    ByteView evidence;
    Override settings;
    std::optional<std::int64_t> time;
};

std::string read_text(const OSSL_PARAM &param) {
    const char *text = nullptr;
    if (OSSL_PARAM_get_utf8_string_ptr(&param, &text) != 1 || text == nullptr)
        fail(ProviderReason::fromdata_malformed, param.key, "expected a UTF-8 string");
    // A string that is given must say something: an empty one would mean "as configured".
    const std::string_view value(text, param.data_size != 0 ? ::strnlen(text, param.data_size) : ::strlen(text));
    if (value.empty()) fail(ProviderReason::fromdata_malformed, param.key, "empty");
    return std::string(value);
}

// Times that certificates can state, and openssl-attest -attime takes.
std::int64_t read_time(const OSSL_PARAM &param) {
    constexpr std::int64_t last_second_of_year_9999 = 253402300799;
    std::int64_t time = 0;
    if (OSSL_PARAM_get_int64(&param, &time) != 1 || time < 0 || time > last_second_of_year_9999)
        fail(ProviderReason::fromdata_malformed, param.key, "expected Unix seconds, up to the year 9999");
    return time;
}

Given read_given(const OSSL_PARAM params[]) {
    Given given;
    for (const auto *param = params; param != nullptr && param->key != nullptr; ++param) {
        const std::string_view name = param->key;
        if (name == MHSMATTEST_FROMDATA_ATTESTATION) {
            const void *data = nullptr;
            std::size_t size = 0;
            if (OSSL_PARAM_get_octet_string_ptr(param, &data, &size) != 1 || data == nullptr)
                fail(ProviderReason::fromdata_malformed, name, "expected an octet string");
            given.evidence = ByteView(static_cast<const std::uint8_t *>(data), size);
        } else if (name == MHSMATTEST_FROMDATA_POLICY) {
            given.settings.policy = read_text(*param);
        } else if (name == MHSMATTEST_FROMDATA_OWNER_PIN) {
            given.settings.owner_pins = read_text(*param);
        } else if (name == MHSMATTEST_FROMDATA_AT_TIME) {
            given.time = read_time(*param);
        } else {
            fail(ProviderReason::fromdata_malformed, name, "not a parameter of " MHSMATTEST_KEY_TYPE);
        }
    }
    if (given.evidence.empty()) fail(ProviderReason::fromdata_malformed, MHSMATTEST_FROMDATA_ATTESTATION, "missing");
    return given;
}

int import_evidence(void *keydata, int selection, const OSSL_PARAM params[]) {
    auto &key = key_of(keydata);
    return guard(key.context->upcalls(), 0, [&] {
        if (key.attested) fail(ProviderReason::fromdata_malformed, "key", "not empty");
        if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0) fail(ProviderReason::no_private_key, "key", "");
        const auto given = read_given(params);
        const auto &own = key.context->settings();
        const auto settings = given.settings.empty() ? own : override_settings(*own, given.settings);
        key.attested = key.context->appraise(given.evidence, settings, given.time.value_or(now()));
        return 1;
    });
}

const OSSL_PARAM *import_types(int selection) {
    static const OSSL_PARAM types[] = {OSSL_PARAM_octet_string(MHSMATTEST_FROMDATA_ATTESTATION, nullptr, 0),
                                       OSSL_PARAM_utf8_string(MHSMATTEST_FROMDATA_POLICY, nullptr, 0),
                                       OSSL_PARAM_utf8_string(MHSMATTEST_FROMDATA_OWNER_PIN, nullptr, 0),
                                       OSSL_PARAM_int64(MHSMATTEST_FROMDATA_AT_TIME, nullptr), OSSL_PARAM_END};
    return (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0 ? types : nullptr;
}

// The evidence as it was given: to be verified again by whoever takes it.
int export_evidence(void *keydata, int selection, OSSL_CALLBACK *callback, void *argument) {
    const auto &key = key_of(keydata);
    if (!key.attested || (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) == 0) return 0;
    return guard(key.context->upcalls(), 0, [&] {
        Bytes evidence = key.attested->evidence;
        const OSSL_PARAM params[] = {
            OSSL_PARAM_construct_octet_string(MHSMATTEST_FROMDATA_ATTESTATION, evidence.data(), evidence.size()),
            OSSL_PARAM_construct_end()};
        return callback(params, argument);
    });
}

const OSSL_PARAM *export_types(int selection) {
    static const OSSL_PARAM types[] = {OSSL_PARAM_octet_string(MHSMATTEST_FROMDATA_ATTESTATION, nullptr, 0),
                                       OSSL_PARAM_END};
    return (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0 ? types : nullptr;
}

const char *operation_name(int operation) {
    return operation == OSSL_OP_SIGNATURE ? MHSMATTEST_SIGNATURE_MRVL1 : MHSMATTEST_KEY_TYPE;
}

}  // namespace

const OSSL_DISPATCH *attestation_keymgmt() {
    static const OSSL_DISPATCH table[] = {row(OSSL_FUNC_KEYMGMT_NEW, new_empty_key),
                                          row(OSSL_FUNC_KEYMGMT_FREE, free_key),
                                          row(OSSL_FUNC_KEYMGMT_LOAD, load),
                                          row(OSSL_FUNC_KEYMGMT_HAS, has_key),
                                          row(OSSL_FUNC_KEYMGMT_MATCH, match),
                                          row(OSSL_FUNC_KEYMGMT_VALIDATE, validate_key),
                                          row(OSSL_FUNC_KEYMGMT_DUP, duplicate_key),
                                          row(OSSL_FUNC_KEYMGMT_GET_PARAMS, get_params),
                                          row(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, gettable_params),
                                          row(OSSL_FUNC_KEYMGMT_IMPORT, import_evidence),
                                          row(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, import_types),
                                          row(OSSL_FUNC_KEYMGMT_EXPORT, export_evidence),
                                          row(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, export_types),
                                          row(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, operation_name),
                                          end_of_rows};
    return table;
}

}  // namespace mhsm::provider
