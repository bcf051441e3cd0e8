#include "settings.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "files.h"
#include "mhsmattest.h"

namespace mhsm::provider {
namespace {

using Value = std::optional<std::string>;

std::string naming(const char *parameter, const std::string &value) {
    return std::string("module parameter ") + parameter + " = " + value;
}

bool is_absolute(const std::string &path) { return path.starts_with('/'); }

Bytes read_configured(const char *parameter, const std::string &path) {
    const auto name = naming(parameter, path);
    if (!is_absolute(path)) fail(ProviderReason::config_malformed, name, "expected an absolute path");
    auto content = read_file(path);
    if (content.too_large) fail(ProviderReason::config_malformed, name, "larger than 1 MiB");
    if (!content.error.empty()) fail(ProviderReason::config_malformed, name, content.error);
    return std::move(content.bytes);
}

Policy read_policy(const Value &value) {
    if (!value) return {};
    constexpr auto parameter = MHSMATTEST_CONFIG_POLICY;
    auto policy = is_absolute(*value) ? parse_policy(read_configured(parameter, *value)) : named_policy(*value);
    if (!policy) fail(naming(parameter, *value), policy.failure());
    return std::move(*policy);
}

OwnerTrustMode read_owner_mode(const Value &value) {
    if (!value) return OwnerTrustMode::authenticated;
    const auto mode = parse_owner_mode(*value);
    if (!mode)
        fail(ProviderReason::config_malformed, naming(MHSMATTEST_CONFIG_OWNER_TRUST, *value),
             "expected authenticated, pinned or any");
    return *mode;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n";
    const auto first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::vector<Sha256> read_pins(const std::string &what, std::string_view list) {
    std::vector<Sha256> pins;
    for (;;) {
        const auto comma = list.find(',');
        const auto pin = parse_pin(trimmed(list.substr(0, comma)));
        if (!pin) fail(what, pin.failure());
        pins.push_back(*pin);
        if (comma == std::string_view::npos) return pins;
        list.remove_prefix(comma + 1);
    }
}

std::vector<KnownPool> read_known_pools(const Value &value) {
    if (!value) return {};
    const auto bytes = read_configured(MHSMATTEST_CONFIG_KNOWN_POOLS, *value);
    auto pools = parse_known_pools(as_text(bytes));
    if (!pools) fail(naming(MHSMATTEST_CONFIG_KNOWN_POOLS, *value), pools.failure());
    return std::move(*pools);
}

std::vector<X509Ptr> read_hsm_roots(const Value &value, OSSL_LIB_CTX *libctx) {
    if (!value) return {};
    auto roots = parse_anchors(libctx, read_configured(MHSMATTEST_CONFIG_HSM_ROOTS, *value));
    if (!roots) fail(naming(MHSMATTEST_CONFIG_HSM_ROOTS, *value), roots.failure());
    return std::move(*roots);
}

bool read_flag(const char *parameter, const Value &value) {
    if (!value || *value == "no" || *value == "0") return false;
    if (*value == "yes" || *value == "1") return true;
    fail(ProviderReason::config_malformed, naming(parameter, *value), "expected yes or no");
}

int read_timeout(const Value &value, int fallback) {
    constexpr int longest = 3600;
    if (!value) return fallback;
    int seconds = 0;
    const auto *end = value->data() + value->size();
    const auto [stop, error] = std::from_chars(value->data(), end, seconds);
    if (error != std::errc{} || stop != end || seconds < 1 || seconds > longest)
        fail(ProviderReason::config_malformed, naming(MHSMATTEST_CONFIG_TIMEOUT, *value),
             "expected 1 to 3600 seconds");
    return seconds;
}

std::string read_fetch_library(const Value &value) {
    if (!value) return {};
    if (!is_absolute(*value))
        fail(ProviderReason::config_malformed, naming(MHSMATTEST_CONFIG_FETCH_LIBRARY, *value),
             "expected an absolute path");
    return *value;
}

}  // namespace

LibCtxPtr make_library_context(const Upcalls &upcalls) {
    const ErrorScope errors;
    LibCtxPtr libctx(OSSL_LIB_CTX_new());
    if (!libctx) throw std::bad_alloc();
    const auto config = upcalls.parameter(MHSMATTEST_CONFIG_CRYPTO_CONFIG);
    if (config) {
        static_cast<void>(read_configured(MHSMATTEST_CONFIG_CRYPTO_CONFIG, *config));
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
    settings.policy = read_policy(upcalls.parameter(MHSMATTEST_CONFIG_POLICY));
    auto &trust = settings.trust;
    trust.owner_mode = read_owner_mode(upcalls.parameter(MHSMATTEST_CONFIG_OWNER_TRUST));
    if (const auto pins = upcalls.parameter(MHSMATTEST_CONFIG_OWNER_PINS))
        trust.owner_pins = read_pins(naming(MHSMATTEST_CONFIG_OWNER_PINS, *pins), *pins);
    trust.known_pools = read_known_pools(upcalls.parameter(MHSMATTEST_CONFIG_KNOWN_POOLS));
    trust.hsm_roots = read_hsm_roots(upcalls.parameter(MHSMATTEST_CONFIG_HSM_ROOTS), libctx);
    constexpr auto no_default = MHSMATTEST_CONFIG_NO_DEFAULT_HSM_ROOTS;
    trust.embedded_hsm_roots = !read_flag(no_default, upcalls.parameter(no_default));
    if (!trust.embedded_hsm_roots && trust.hsm_roots.empty())
        fail(ProviderReason::config_malformed, naming(no_default, "yes"), "needs hsm-roots, or nothing is trusted");
    settings.fetch_library = read_fetch_library(upcalls.parameter(MHSMATTEST_CONFIG_FETCH_LIBRARY));
    settings.timeout = read_timeout(upcalls.parameter(MHSMATTEST_CONFIG_TIMEOUT), settings.timeout);
    return settings;
}

std::shared_ptr<const Settings> override_settings(const Settings &settings, const Override &given) {
    auto merged = std::make_shared<Settings>();
    merged->fetch_library = settings.fetch_library;
    merged->timeout = settings.timeout;
    merged->policy = settings.policy;
    if (!given.policy.empty()) {
        auto policy = named_policy(given.policy);
        if (!policy) fail(std::string("parameter ") + MHSMATTEST_FROMDATA_POLICY, policy.failure());
        merged->policy = std::move(*policy);
    }
    const auto &from = settings.trust;
    auto &trust = merged->trust;
    trust.embedded_hsm_roots = from.embedded_hsm_roots;
    for (const auto &root : from.hsm_roots) {
        X509_up_ref(root.get());
        trust.hsm_roots.emplace_back(root.get());
    }
    if (given.owner_pins.empty()) {
        trust.owner_mode = from.owner_mode;
        trust.owner_pins = from.owner_pins;
        trust.known_pools = from.known_pools;
    } else {
        trust.owner_mode = OwnerTrustMode::pinned;
        trust.owner_pins = read_pins(std::string("parameter ") + MHSMATTEST_FROMDATA_OWNER_PIN, given.owner_pins);
    }
    return merged;
}

}  // namespace mhsm::provider
