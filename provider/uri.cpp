#include "uri.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "error.h"
#include "mhsmattest.h"

namespace mhsm::provider {
namespace {

constexpr auto roles =
    std::to_array<std::string_view>({"hsm-root", "adapter", "partition", "pool-root", "owner-partition"});

std::string percent_decode(std::string_view text, std::string_view uri) {
    std::string decoded;
    decoded.reserve(text.size());
    while (!text.empty()) {
        if (text.front() != '%') {
            decoded += text.front();
            text.remove_prefix(1);
            continue;
        }
        const auto digits = text.substr(1, 2);
        unsigned value = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2 || value == 0)
            fail(ProviderReason::uri_malformed, uri, "a malformed % escape; write %25 for a percent sign");
        decoded += static_cast<char>(value);
        text.remove_prefix(3);
    }
    return decoded;
}

std::string read_query(std::string_view query, std::string_view uri) {
    constexpr std::string_view wanted = "certificate=";
    const auto role = query.starts_with(wanted) ? query.substr(wanted.size()) : std::string_view{};
    if (std::ranges::find(roles, role) == roles.end())
        fail(ProviderReason::uri_malformed, uri,
             "the only query is certificate=hsm-root, adapter, partition, pool-root or owner-partition");
    return std::string(role);
}

}  // namespace

Uri parse_uri(std::string_view text) {
    constexpr std::string_view prefix = MHSMATTEST_URI_SCHEME "://";
    constexpr std::size_t longest = 4096;
    // Without the slashes libcrypto tries a file of that very name first, and would not ask this provider.
    const bool ours = std::ranges::equal(text.substr(0, prefix.size()), prefix,
                                         [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
    if (!ours || text.size() > longest || text.find('#') != std::string_view::npos)
        fail(ProviderReason::uri_malformed, text.substr(0, 200), "");
    Uri uri;
    auto rest = text.substr(prefix.size());
    const auto question = rest.find('?');
    if (question != std::string_view::npos) {
        uri.certificate = read_query(rest.substr(question + 1), text);
        rest = rest.substr(0, question);
    }
    uri.base = std::string(text.substr(0, prefix.size() + rest.size()));
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos || slash + 1 == rest.size()) fail(ProviderReason::uri_malformed, text, "");
    uri.host = std::string(rest.substr(0, slash));
    if (uri.host.empty()) uri.path = percent_decode(rest.substr(slash), text);
    return uri;
}

}  // namespace mhsm::provider
