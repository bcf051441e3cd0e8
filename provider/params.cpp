#include "params.h"

#include "mhsmattest.h"

namespace mhsm::provider {
namespace {

bool set_flag(OSSL_PARAM params[], const char *name, const std::optional<bool> &value) {
    OSSL_PARAM *param = OSSL_PARAM_locate(params, name);
    if (param == nullptr || !value) return true;  // not stated: not answered
    return OSSL_PARAM_set_int(param, *value ? 1 : 0) == 1;
}

bool set_text(OSSL_PARAM params[], const char *name, const std::string &value) {
    OSSL_PARAM *param = OSSL_PARAM_locate(params, name);
    return param == nullptr || OSSL_PARAM_set_utf8_string(param, value.c_str()) == 1;
}

}  // namespace

bool get_attested_params(const Attested &attested, OSSL_PARAM params[]) {
    const auto &report = attested.report;
    const auto &key = *report.key;
    return set_flag(params, MHSMATTEST_PARAM_ATTESTED, true) &&
           set_flag(params, MHSMATTEST_PARAM_EXTRACTABLE, key.extractable) &&
           set_flag(params, MHSMATTEST_PARAM_NEVER_EXTRACTABLE, key.never_extractable) &&
           set_flag(params, MHSMATTEST_PARAM_LOCAL, key.local) &&
           set_flag(params, MHSMATTEST_PARAM_SENSITIVE, key.sensitive) &&
           set_flag(params, MHSMATTEST_PARAM_ALWAYS_SENSITIVE, key.always_sensitive) &&
           set_text(params, MHSMATTEST_PARAM_KEY_ID, key.id) &&
           set_text(params, MHSMATTEST_PARAM_HSM_SERIAL, report.hsm->serial) &&
           set_text(params, MHSMATTEST_PARAM_PARTITION, report.hsm->partition) &&
           set_text(params, MHSMATTEST_PARAM_OWNER_ROOT_SHA256, report.owner->root_sha256) &&
           set_text(params, MHSMATTEST_PARAM_OWNER_TRUST, std::string(owner_trust_name(report.owner->trust))) &&
           set_text(params, MHSMATTEST_PARAM_HSM_ROOT_SHA256, report.hsm->root_sha256) &&
           set_text(params, MHSMATTEST_PARAM_REPORT, attested.report_text);
}

}  // namespace mhsm::provider
