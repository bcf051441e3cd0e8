// The parameters that every attested key answers (mhsmattest.h).
#pragma once

#include <openssl/params.h>

#include "attested.h"

namespace mhsm::provider {

// Fills in those of `params` that are about the attestation; the others are left alone. False if one of them
// cannot hold its value.
bool get_attested_params(const Attested &attested, OSSL_PARAM params[]);

// Their descriptors, for the gettable tables.
#define ATTESTED_PARAM_DESCRIPTORS                                       \
    OSSL_PARAM_int(MHSMATTEST_PARAM_ATTESTED, nullptr),                   \
    OSSL_PARAM_int(MHSMATTEST_PARAM_EXTRACTABLE, nullptr),                \
    OSSL_PARAM_int(MHSMATTEST_PARAM_NEVER_EXTRACTABLE, nullptr),          \
    OSSL_PARAM_int(MHSMATTEST_PARAM_LOCAL, nullptr),                      \
    OSSL_PARAM_int(MHSMATTEST_PARAM_SENSITIVE, nullptr),                  \
    OSSL_PARAM_int(MHSMATTEST_PARAM_ALWAYS_SENSITIVE, nullptr),           \
    OSSL_PARAM_utf8_string(MHSMATTEST_PARAM_KEY_ID, nullptr, 0),          \
    OSSL_PARAM_utf8_string(MHSMATTEST_PARAM_HSM_SERIAL, nullptr, 0),      \
    OSSL_PARAM_utf8_string(MHSMATTEST_PARAM_PARTITION, nullptr, 0),       \
    OSSL_PARAM_utf8_string(MHSMATTEST_PARAM_OWNER_ROOT_SHA256, nullptr, 0), \
    OSSL_PARAM_utf8_string(MHSMATTEST_PARAM_OWNER_TRUST, nullptr, 0),     \
    OSSL_PARAM_utf8_string(MHSMATTEST_PARAM_HSM_ROOT_SHA256, nullptr, 0), \
    OSSL_PARAM_utf8_string(MHSMATTEST_PARAM_REPORT, nullptr, 0)

}  // namespace mhsm::provider
