#include "configuration.h"

#include <openssl/conf.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "core/attributes.h"
#include "core/ossl.h"
#include "core/text.h"
#include "error.h"
#include "mhsmattest-pkcs11.h"
#include "support/settings.h"

namespace mhsm::pkcs11 {
namespace {

using ConfPtr = std::unique_ptr<CONF, Deleter<NCONF_free>>;
using NamesPtr = std::unique_ptr<STACK_OF(OPENSSL_CSTRING),
                                 Deleter<[](STACK_OF(OPENSSL_CSTRING) * names) { sk_OPENSSL_CSTRING_free(names); }>>;

constexpr std::string_view file_name = "mhsmattest-pkcs11.conf";
constexpr const char *global_section = "default";
constexpr const char *source_setting = "source";

[[noreturn]] void refuse(const std::string &message) { throw Error(CKR_GENERAL_ERROR, message); }

// Null for a program that runs with other rights than its user's.
std::string environment(const char *name) {
    const char *value = ::secure_getenv(name);
    return value != nullptr ? value : "";
}

// A folder of the user's, as the XDG base directory specification has it; "" if there is none.
std::string user_folder(const char *variable, const char *below_home) {
    auto folder = environment(variable);
    if (folder.starts_with('/')) return folder;
    const auto home = environment("HOME");
    return home.starts_with('/') ? home + "/" + below_home : "";
}

struct Place {
    std::string path;
    bool named = false;  // then it must be there
};

Place configuration_file(const Pairs &reserved) {
    if (const auto *given = find_value(reserved, "config")) return {*given, true};
    const auto named = environment(MHSMATTEST_PKCS11_CONF_VARIABLE);
    if (!named.empty()) return {named, true};
    const auto folder = user_folder("XDG_CONFIG_HOME", ".config");
    auto own = folder + "/" + std::string(file_name);
    if (!folder.empty() && ::access(own.c_str(), F_OK) == 0) return {std::move(own), true};
    return {MHSMATTEST_SYSCONFDIR "/" + std::string(file_name)};
}

ConfPtr parse_file(const std::string &path, const Bytes &content) {
    ConfPtr conf(NCONF_new_ex(nullptr, nullptr));
    const auto bio = memory_bio(content);
    if (!conf) throw std::bad_alloc();
    long line = 0;
    if (NCONF_load_bio(conf.get(), bio.get(), &line) != 1)
        refuse(path + ": line " + std::to_string(line) + " is not understood; see config(5)");
    return conf;
}

Pairs values_of(const CONF *conf, const char *section) {
    Pairs pairs;
    const auto *values = NCONF_get_section(conf, section);
    for (int i = 0; values != nullptr && i < sk_CONF_VALUE_num(values); ++i) {
        const auto *value = sk_CONF_VALUE_value(values, i);
        pairs.emplace_back(value->name, value->value);
    }
    return pairs;
}

// A section that describes a token.
NamedSource token_section(const std::string &path, const CONF *conf, const char *name) {
    NamedSource source{name, ""};
    const auto pairs = values_of(conf, name);
    const auto other = std::ranges::find_if(pairs, [](const auto &pair) { return pair.first != source_setting; });
    const auto where = path + ": [" + name + "] has ";
    if (other != pairs.end()) refuse(where + '"' + other->first + "\", but a token has only \"source\"");
    if (const auto *location = find_value(pairs, source_setting)) source.location = *location;
    if (source.location.empty()) refuse(where + "no source");
    return source;
}

void read_file_into(Configuration &configuration, const Place &place) {
    if (!place.named && ::access(place.path.c_str(), F_OK) != 0) return;
    const auto content = support::file_setting(place.path);
    if (!content) refuse(place.path + ": " + content.failure().detail);
    const auto conf = parse_file(place.path, *content);
    configuration.file = place.path;
    for (auto &[name, value] : values_of(conf.get(), global_section)) configuration.settings[name] = value;
    const NamesPtr names(NCONF_get_section_names(conf.get()));
    for (int i = 0; names && i < sk_OPENSSL_CSTRING_num(names.get()); ++i) {
        const char *name = sk_OPENSSL_CSTRING_value(names.get(), i);
        if (std::string_view(name) != global_section)
            configuration.sources.push_back(token_section(place.path, conf.get(), name));
    }
    std::ranges::sort(configuration.sources, {}, &NamedSource::name);
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// The value at the beginning of `text`, which is shortened by it.
std::string take_value(std::string_view &text, const std::string &name) {
    const char quote = text.empty() ? ' ' : text.front();
    const bool quoted = quote == '"' || quote == '\'';
    if (quoted) text.remove_prefix(1);
    const auto *end = quoted ? std::ranges::find(text, quote) : std::ranges::find_if(text, is_blank);
    if (quoted && end == text.end()) refuse("parameters of the application: " + name + " has no closing quote");
    std::string value(text.begin(), end);
    text.remove_prefix(value.size() + (quoted ? 1 : 0));
    if (quoted && !text.empty() && !is_blank(text.front()))
        refuse("parameters of the application: no space after the closing quote of " + name);
    return value;
}

}  // namespace

const std::string *find_value(const Pairs &pairs, std::string_view name) {
    const auto found =
        std::find_if(pairs.rbegin(), pairs.rend(), [name](const auto &pair) { return pair.first == name; });
    return found != pairs.rend() ? &found->second : nullptr;
}

void parse_reserved(std::string_view text, Pairs &pairs) {
    for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
        const auto equals = text.find('=');
        const std::string name(text.substr(0, equals));
        if (equals == std::string_view::npos || name.empty() || std::ranges::any_of(name, is_blank))
            refuse("parameters of the application: expected name=value instead of " + std::string(text));
        text.remove_prefix(equals + 1);
        pairs.emplace_back(name, take_value(text, name));
    }
}

Configuration read_configuration(const Pairs &reserved) {
    Configuration configuration;
    read_file_into(configuration, configuration_file(reserved));
    for (const auto &[name, value] : reserved) {
        if (name == "config") continue;
        if (name == source_setting)
            configuration.sources.push_back({value.substr(value.rfind('/') + 1), value});
        else
            configuration.settings[name] = value;
    }
    return configuration;
}

std::string default_cache_folder() {
    const auto folder = user_folder("XDG_CACHE_HOME", ".cache");
    return folder.empty() ? "" : folder + "/mhsmattest-pkcs11";
}

}  // namespace mhsm::pkcs11
