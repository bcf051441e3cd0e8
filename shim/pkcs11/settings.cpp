#include "settings.h"

#include <algorithm>
#include <array>
#include <functional>

#include "error.h"
#include "log.h"
#include "support/settings.h"

namespace mhsm::pkcs11 {
namespace {

constexpr std::int64_t longest_timeout = 3600;
constexpr std::int64_t latest_time = 253402300799;  // the end of the year 9999
constexpr std::int64_t longest_age = std::int64_t{366} * 24 * 3600;

template <class T>
T understood(Result<T> result) {
    if (!result) throw Error(CKR_GENERAL_ERROR, describe(result.failure()));
    return std::move(*result);
}

struct Target {
    Settings &settings;
    OSSL_LIB_CTX *libctx;
};

struct Setting {
    std::string_view name;
    void (*apply)(const Target &target, const std::string &value);
};

constexpr auto known_settings = std::to_array<Setting>({
    {"owner-pins",
     [](const Target &to, const std::string &value) {
         to.settings.trust.owner_pins = understood(support::owner_pins_setting(value));
     }},
    {"owner-trust",
     [](const Target &to, const std::string &value) {
         to.settings.trust.owner_mode = understood(support::owner_trust_setting(value));
     }},
    {"known-pools",
     [](const Target &to, const std::string &value) {
         to.settings.trust.known_pools = understood(support::known_pools_setting(value));
     }},
    {"hsm-roots",
     [](const Target &to, const std::string &value) {
         to.settings.trust.hsm_roots = understood(support::hsm_roots_setting(value, to.libctx));
     }},
    {"no-default-hsm-roots",
     [](const Target &to, const std::string &value) {
         to.settings.trust.embedded_hsm_roots = !understood(support::flag_setting(value));
     }},
    {"policy",
     [](const Target &to, const std::string &value) {
         to.settings.policy = understood(support::policy_setting(value));
     }},
    {"attime",
     [](const Target &to, const std::string &value) {
         to.settings.time = understood(
             support::number_setting(value, 0, latest_time, "seconds since 1970"));
     }},
    {"auth",
     [](const Target &to, const std::string &value) {
         to.settings.fetch.auth = understood(support::auth_setting(value));
     }},
    {"token-file",
     [](const Target &to, const std::string &value) {
         to.settings.fetch.token_file = understood(support::path_setting(value));
     }},
    {"ca-file",
     [](const Target &to, const std::string &value) {
         to.settings.fetch.ca_file = understood(support::path_setting(value));
     }},
    {"connect-to",
     [](const Target &to, const std::string &value) {
         to.settings.fetch.connect_to = understood(support::hosts_setting(value));
     }},
    {"allow-hosts",
     [](const Target &to, const std::string &value) {
         to.settings.fetch.allow_hosts = understood(support::hosts_setting(value));
     }},
    {"fetch-library",
     [](const Target &to, const std::string &value) {
         to.settings.fetch.library = understood(support::path_setting(value));
     }},
    {"timeout",
     [](const Target &to, const std::string &value) {
         to.settings.fetch.timeout =
             static_cast<unsigned>(understood(support::number_setting(value, 1, longest_timeout, "seconds")));
     }},
    {"cache-dir",
     [](const Target &to, const std::string &value) {
         to.settings.cache.folder = value == "none" ? "" : understood(support::path_setting(value));
     }},
    {"cache-max-age",
     [](const Target &to, const std::string &value) {
         to.settings.cache.max_age = understood(support::number_setting(value, 0, longest_age, "seconds"));
     }},
    {"log",
     [](const Target &to, const std::string &value) {
         to.settings.log = value == "stderr" ? value : understood(support::path_setting(value));
     }},
});

void apply(const Target &target, const std::string &name, const std::string &value) {
    const auto *known = std::ranges::find(known_settings, name, &Setting::name);
    if (known == known_settings.end())
        throw Error(CKR_GENERAL_ERROR, "there is no setting " + name + "; see mhsmattest-pkcs11(7)");
    try {
        known->apply(target, value);
    } catch (const Error &error) {
        throw Error(CKR_GENERAL_ERROR, name + " = " + value + ": " + error.what());
    }
}

}  // namespace

Settings understand(const Configuration &configuration, OSSL_LIB_CTX *libctx) {
    Settings settings;
    settings.cache.folder = default_cache_folder();
    for (const auto &[name, value] : configuration.settings) apply({settings, libctx}, name, value);
    if (!settings.trust.embedded_hsm_roots && settings.trust.hsm_roots.empty())
        throw Error(CKR_GENERAL_ERROR, "no-default-hsm-roots = yes: needs hsm-roots, or nothing is trusted");
    return settings;
}

}  // namespace mhsm::pkcs11
