#include "support/settings.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/text.h"
#include "support/files.h"

namespace mhsm::support {
namespace {

bool is_absolute(std::string_view path) { return path.starts_with('/'); }

Failure in_words(std::string detail) { return {Reason::none, {}, std::move(detail)}; }

}  // namespace

std::vector<std::string> comma_separated(std::string_view list) {
    std::vector<std::string> items;
    for (;;) {
        const auto comma = list.find(',');
        const auto item = trimmed(list.substr(0, comma));
        if (!item.empty()) items.emplace_back(item);
        if (comma == std::string_view::npos) return items;
        list.remove_prefix(comma + 1);
    }
}

Result<std::string> auth_setting(const std::string &value) {
    constexpr auto modes = std::to_array<std::string_view>(
        {"auto", "token", "client-secret", "client-certificate", "workload-identity", "managed-identity", "azure-cli"});
    return word_setting(value, modes);
}

Result<std::vector<std::string>> hosts_setting(const std::string &list) {
    auto items = comma_separated(list);
    for (auto &item : items) {
        auto host = name_setting(item, ".:-[]");
        if (!host) return host.failure();
        item = std::move(*host);
    }
    return items;
}

Result<std::string> path_setting(const std::string &value) {
    if (!is_absolute(value)) return in_words("expected an absolute path");
    return value;
}

Result<Bytes> file_setting(const std::string &file) {
    if (!is_absolute(file)) return in_words("expected an absolute path");
    auto content = read_file(file);
    if (content.too_large) return in_words("larger than 1 MiB");
    if (!content.error.empty()) return in_words(content.error);
    return std::move(content.bytes);
}

Result<Policy> policy_setting(const std::string &value) {
    if (!is_absolute(value)) return named_policy(value);
    const auto bytes = file_setting(value);
    if (!bytes) return bytes.failure();
    return parse_policy(*bytes);
}

Result<OwnerTrustMode> owner_trust_setting(const std::string &value) {
    const auto mode = parse_owner_mode(value);
    if (!mode) return in_words("expected authenticated, pinned or any");
    return *mode;
}

Result<std::vector<Sha256>> owner_pins_setting(std::string_view list) {
    std::vector<Sha256> pins;
    for (;;) {
        const auto comma = list.find(',');
        const auto pin = parse_pin(trimmed(list.substr(0, comma)));
        if (!pin) return pin.failure();
        pins.push_back(*pin);
        if (comma == std::string_view::npos) return pins;
        list.remove_prefix(comma + 1);
    }
}

Result<std::vector<KnownPool>> known_pools_setting(const std::string &file) {
    const auto bytes = file_setting(file);
    if (!bytes) return bytes.failure();
    return parse_known_pools(as_text(*bytes));
}

Result<std::vector<X509Ptr>> hsm_roots_setting(const std::string &file, OSSL_LIB_CTX *libctx) {
    const auto bytes = file_setting(file);
    if (!bytes) return bytes.failure();
    return parse_anchors(libctx, *bytes);
}

Result<bool> flag_setting(std::string_view value) {
    if (value == "no" || value == "0") return false;
    if (value == "yes" || value == "1") return true;
    return in_words("expected yes or no");
}

Result<std::int64_t> number_setting(std::string_view value, std::int64_t least, std::int64_t most,
                                    std::string_view unit) {
    std::int64_t number = 0;
    const auto *end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, number);
    if (error != std::errc{} || stop != end || number < least || number > most)
        return in_words("expected " + std::to_string(least) + " to " + std::to_string(most) + " " + std::string(unit));
    return number;
}

Result<std::string> word_setting(const std::string &value, std::span<const std::string_view> words) {
    if (std::ranges::find(words, value) != words.end()) return value;
    std::string expected;
    for (const auto word : words) expected += (expected.empty() ? "" : ", ") + std::string(word);
    return in_words("expected one of " + expected);
}

Result<std::string> name_setting(const std::string &value, std::string_view punctuation) {
    const auto fits = [punctuation](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               punctuation.find(c) != std::string_view::npos;
    };
    if (!value.empty() && std::ranges::all_of(value, fits)) return value;
    return in_words("expected letters, digits and any of " + std::string(punctuation));
}

Trust copy_trust(const Trust &from, std::string tls_pool) {
    Trust trust;
    trust.embedded_hsm_roots = from.embedded_hsm_roots;
    for (const auto &root : from.hsm_roots) {
        X509_up_ref(root.get());
        trust.hsm_roots.emplace_back(root.get());
    }
    trust.owner_mode = from.owner_mode;
    trust.owner_pins = from.owner_pins;
    trust.known_pools = from.known_pools;
    trust.tls_pool = std::move(tls_pool);
    return trust;
}

}  // namespace mhsm::support
