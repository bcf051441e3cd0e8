#include "settings.h"

#include "mhsmattest.h"
#include "support/settings.h"

namespace mhsm::provider {
namespace {

std::string naming(const char *parameter, const std::string &value) {
    return std::string("module parameter ") + parameter + " = " + value;
}

// What a setting came to; throws Error, naming the parameter, if it is not understood.
template <class T>
T understood(const std::string &what, Result<T> result) {
    if (result) return std::move(*result);
    const auto &failure = result.failure();
    if (failure.reason == Reason::none) fail(ProviderReason::config_malformed, what, failure.detail);
    fail(what, failure);
}

// Of a parameter that may be absent: `fallback` if it is.
template <class T, class Parse>
T setting(const Upcalls &upcalls, const char *parameter, T fallback, Parse parse) {
    const auto value = upcalls.parameter(parameter);
    if (!value) return fallback;
    return understood<T>(naming(parameter, *value), parse(*value));
}

Result<std::int64_t> timeout_setting(const std::string &value) {
    return support::number_setting(value, 1, 3600, "seconds");
}

Result<std::int64_t> retries_setting(const std::string &value) {
    return support::number_setting(value, 0, 100, "retries");
}

Result<std::string> version_setting(const std::string &value) { return support::name_setting(value, ".-_"); }

fetch::ClientConfig read_fetching(const Upcalls &upcalls) {
    const auto path = [&upcalls](const char *name) {
        return setting(upcalls, name, std::string{}, support::path_setting);
    };
    const auto hosts = [&upcalls](const char *name) {
        return setting(upcalls, name, std::vector<std::string>{}, support::hosts_setting);
    };
    fetch::ClientConfig config;
    config.auth = setting(upcalls, MHSMATTEST_CONFIG_AUTH, std::string{}, support::auth_setting);
    config.api_version = setting(upcalls, MHSMATTEST_CONFIG_API_VERSION, std::string{}, version_setting);
    config.token_file = path(MHSMATTEST_CONFIG_TOKEN_FILE);
    config.ca_file = path(MHSMATTEST_CONFIG_CA_FILE);
    config.ca_path = path(MHSMATTEST_CONFIG_CA_PATH);
    config.allowed_hosts = hosts(MHSMATTEST_CONFIG_ALLOW_HOSTS);
    config.connect_to = hosts(MHSMATTEST_CONFIG_CONNECT_TO);
    config.timeout =
        static_cast<unsigned>(setting(upcalls, MHSMATTEST_CONFIG_TIMEOUT, std::int64_t{30}, timeout_setting));
    config.retries = static_cast<int>(setting(upcalls, MHSMATTEST_CONFIG_RETRIES, std::int64_t{4}, retries_setting));
    return config;
}

}  // namespace

LibCtxPtr make_library_context(const Upcalls &upcalls) {
    const ErrorScope errors;
    LibCtxPtr libctx(OSSL_LIB_CTX_new());
    if (!libctx) throw std::bad_alloc();
    const auto config = upcalls.parameter(MHSMATTEST_CONFIG_CRYPTO_CONFIG);
    if (config) {
        static_cast<void>(understood(naming(MHSMATTEST_CONFIG_CRYPTO_CONFIG, *config), support::file_setting(*config)));
        if (OSSL_LIB_CTX_load_config(libctx.get(), config->c_str()) != 1)
            fail(ProviderReason::config_malformed, naming(MHSMATTEST_CONFIG_CRYPTO_CONFIG, *config),
                 "libcrypto refuses it");
        if (!sha256(libctx.get(), {})) fail(ProviderReason::crypto_unavailable, "SHA-256", "cannot be fetched");
    }
    // Without it nothing is fetched before there is evidence: most commands only load this provider.
    return libctx;
}

Settings read_settings(const Upcalls &upcalls, OSSL_LIB_CTX *libctx) {
    Settings settings;
    settings.policy = setting(upcalls, MHSMATTEST_CONFIG_POLICY, Policy{}, support::policy_setting);
    auto &trust = settings.trust;
    trust.owner_mode =
        setting(upcalls, MHSMATTEST_CONFIG_OWNER_TRUST, OwnerTrustMode::authenticated, support::owner_trust_setting);
    trust.owner_pins =
        setting(upcalls, MHSMATTEST_CONFIG_OWNER_PINS, std::vector<Sha256>{}, support::owner_pins_setting);
    trust.known_pools =
        setting(upcalls, MHSMATTEST_CONFIG_KNOWN_POOLS, std::vector<KnownPool>{}, support::known_pools_setting);
    trust.hsm_roots = setting(upcalls, MHSMATTEST_CONFIG_HSM_ROOTS, std::vector<X509Ptr>{},
                              [libctx](const std::string &file) { return support::hsm_roots_setting(file, libctx); });
    constexpr auto no_default = MHSMATTEST_CONFIG_NO_DEFAULT_HSM_ROOTS;
    trust.embedded_hsm_roots = !setting(upcalls, no_default, false, support::flag_setting);
    if (!trust.embedded_hsm_roots && trust.hsm_roots.empty())
        fail(ProviderReason::config_malformed, naming(no_default, "yes"), "needs hsm-roots, or nothing is trusted");
    settings.fetch_library = setting(upcalls, MHSMATTEST_CONFIG_FETCH_LIBRARY, std::string{}, support::path_setting);
    settings.fetching = read_fetching(upcalls);
    return settings;
}

std::shared_ptr<const Settings> override_settings(const Settings &settings, const Override &given) {
    auto merged = std::make_shared<Settings>();
    merged->policy = settings.policy;
    if (!given.policy.empty()) {
        auto policy = named_policy(given.policy);
        if (!policy) fail(std::string("parameter ") + MHSMATTEST_FROMDATA_POLICY, policy.failure());
        merged->policy = std::move(*policy);
    }
    auto &trust = merged->trust;
    trust = support::copy_trust(settings.trust);
    if (!given.owner_pins.empty()) {
        trust.owner_mode = OwnerTrustMode::pinned;
        trust.owner_pins = understood(std::string("parameter ") + MHSMATTEST_FROMDATA_OWNER_PIN,
                                      support::owner_pins_setting(given.owner_pins));
        trust.known_pools.clear();
    }
    return merged;
}

std::shared_ptr<const Settings> settings_for_answer(const Settings &settings, KeyUrl request, std::string tls_pool) {
    auto special = std::make_shared<Settings>();
    special->policy = settings.policy;
    special->trust = support::copy_trust(settings.trust, std::move(tls_pool));
    special->request = std::move(request);
    return special;
}

}  // namespace mhsm::provider
