#include "provider_fixture.h"

#include <openssl/decoder.h>
#include <openssl/store.h>

#include "forge.h"
#include "mhsmattest.h"
#include "samples.h"

namespace mhsm::test {
namespace {

using StorePtr = std::unique_ptr<OSSL_STORE_CTX, Deleter<OSSL_STORE_close>>;
using InfoPtr = std::unique_ptr<OSSL_STORE_INFO, Deleter<OSSL_STORE_INFO_free>>;
using DecoderPtr = std::unique_ptr<OSSL_DECODER_CTX, Deleter<OSSL_DECODER_CTX_free>>;

std::string configuration(const std::string &parameters) {
    return "openssl_conf = init\n[init]\nproviders = providers\n[providers]\ndefault = default_section\n"
           "mhsmattest = mhsmattest_section\n[default_section]\nactivate = 1\n[mhsmattest_section]\n"
           "module = " MHSM_MODULE "\n" +
           parameters;
}

EvpPkeyPtr decode_as(OSSL_LIB_CTX *context, std::string_view text, const char *input, const char *type) {
    EVP_PKEY *key = nullptr;
    const DecoderPtr decoder(
        OSSL_DECODER_CTX_new_for_pkey(&key, input, nullptr, type, EVP_PKEY_PUBLIC_KEY, context, nullptr));
    auto bytes = as_bytes(text);
    const auto *data = bytes.data();
    auto size = bytes.size();
    const bool good = decoder && OSSL_DECODER_from_data(decoder.get(), &data, &size) == 1;
    EvpPkeyPtr owner(key);
    if (!good) owner.reset();
    return owner;
}

}  // namespace

Application::Application(const std::string &parameters) : context_(OSSL_LIB_CTX_new()) {
    const Folder folder;
    const auto file = folder.write("openssl.cnf", configuration(parameters));
    if (OSSL_LIB_CTX_load_config(context_, file.c_str()) == 1)
        provider_ = OSSL_PROVIDER_load(context_, MHSMATTEST_PROVIDER_NAME);
}

Application::~Application() {
    if (provider_ != nullptr) OSSL_PROVIDER_unload(provider_);
    OSSL_LIB_CTX_free(context_);
}

EvpPkeyPtr Application::load_uri(const std::string &uri) const {
    const StorePtr store(
        OSSL_STORE_open_ex(uri.c_str(), context_, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr));
    if (!store || OSSL_STORE_expect(store.get(), OSSL_STORE_INFO_PUBKEY) != 1) return nullptr;
    while (OSSL_STORE_eof(store.get()) == 0) {
        const InfoPtr info(OSSL_STORE_load(store.get()));
        if (info) return EvpPkeyPtr(OSSL_STORE_INFO_get1_PUBKEY(info.get()));
    }
    return nullptr;
}

EvpPkeyPtr Application::load_file(const std::string &path) const { return load_uri(path); }

EvpPkeyPtr Application::decode(std::string_view text, const char *type) const {
    return decode_as(context_, text, nullptr, type);
}

EvpPkeyPtr Application::decode_json(std::string_view text, const char *type) const {
    return decode_as(context_, text, "JSON", type);
}

std::string real_parameters() { return "owner-pins = sha256:" + std::string(sample_pool_root) + "\n"; }

std::string forged_parameters(const Folder &folder) {
    const auto anchors = forge::anchors();
    return "owner-pins = sha256:" + anchors.pool_root_sha256 +
           "\nhsm-roots = " + folder.write("hsm-root.pem", anchors.hsm_root) + "\n";
}

EvpPkeyPtr from_data(OSSL_LIB_CTX *libctx, const Given &given, int selection) {
    const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
    auto *b = builder.get();
    if (!given.evidence.empty())
        OSSL_PARAM_BLD_push_octet_string(b, MHSMATTEST_FROMDATA_ATTESTATION, given.evidence.data(),
                                         given.evidence.size());
    if (given.policy != nullptr) OSSL_PARAM_BLD_push_utf8_string(b, MHSMATTEST_FROMDATA_POLICY, given.policy, 0);
    if (!given.owner_pin.empty())
        OSSL_PARAM_BLD_push_utf8_string(b, MHSMATTEST_FROMDATA_OWNER_PIN, given.owner_pin.c_str(), 0);
    if (given.time != 0) OSSL_PARAM_BLD_push_int64(b, MHSMATTEST_FROMDATA_AT_TIME, given.time);
    if (given.unknown != nullptr) OSSL_PARAM_BLD_push_int(b, given.unknown, 1);
    const ParamsPtr params(OSSL_PARAM_BLD_to_param(b));
    const EvpPkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(libctx, MHSMATTEST_KEY_TYPE, nullptr));
    EVP_PKEY *key = nullptr;
    if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) != 1)
        return nullptr;
    return EvpPkeyPtr(key);
}

std::vector<std::string> drain_errors() {
    std::vector<std::string> errors;
    const char *data = nullptr;
    int flags = 0;
    while (const auto code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
        const char *library = ERR_lib_error_string(code);
        const char *reason = ERR_reason_error_string(code);
        errors.push_back(std::string(library != nullptr ? library : "?") + ": " + (reason != nullptr ? reason : "?") +
                         ": " + data);
    }
    return errors;
}

int int_param(const EVP_PKEY *key, const char *name) {
    const ErrorScope errors;
    int value = -1;
    return EVP_PKEY_get_int_param(key, name, &value) == 1 ? value : -1;
}

std::string text_param(const EVP_PKEY *key, const char *name) {
    const ErrorScope errors;
    std::size_t size = 0;
    if (EVP_PKEY_get_utf8_string_param(key, name, nullptr, 0, &size) != 1) return "";
    std::string text(size + 1, '\0');
    if (EVP_PKEY_get_utf8_string_param(key, name, text.data(), text.size(), &size) != 1) return "";
    text.resize(size);
    return text;
}

}  // namespace mhsm::test
