#include "list.h"

#include <algorithm>

#include "core/policy.h"
#include "text.h"

namespace mhsm::cli {
namespace {

// "AB:CD:..." as openssl x509 -fingerprint prints it, for comparison by eye or by search.
std::string with_colons(const std::string &hex) {
    std::string text;
    for (std::size_t i = 0; i < hex.size(); ++i) {
        if (i > 0 && i % 2 == 0) text += ':';
        const char digit = hex[i];
        text += digit >= 'a' ? static_cast<char>(digit - 'a' + 'A') : digit;
    }
    return text;
}

std::string describe_root(const EmbeddedRoot &root) {
    const auto anchors = parse_anchors(nullptr, as_bytes(root.pem));
    auto text = concat({"# Marvell ", root.name, "\n"});
    if (!anchors) return text;
    for (const auto &anchor : anchors.value()) {
        const auto digest = fingerprint(nullptr, anchor.get());
        const auto from = utc_time(not_before(anchor.get())), to = utc_time(not_after(anchor.get()));
        text += concat({"# subject:   ", subject_name(anchor.get()), "\n"});
        text += concat({"# sha256:    ", digest, "\n", "#            ", with_colons(digest), "\n"});
        text += concat({"# valid:     ", from, " to ", to, "\n"});
    }
    return text + concat({"# published: ", root.origin, "\n"});
}

std::string demand_words(const Demand &demand) {
    return concat({demand.name, demand.argument.empty() ? "" : "=", demand.argument});
}

std::string describe_policy(std::string_view name) {
    const auto policy = named_policy(name);
    auto text = concat({name, "\n"});
    if (!policy) return text;
    for (const auto &demand : policy->demands) text += concat({"    ", demand_words(demand), "\n"});
    if (policy->demands.empty()) text += "    (no demands on the key: its evidence must be authentic)\n";
    return text;
}

}  // namespace

std::string list_hsm_roots() {
    std::string text;
    for (const auto &root : embedded_hsm_roots()) {
        if (!text.empty()) text += "\n";
        text += concat({describe_root(root), root.pem});
    }
    return text;
}

std::string list_policies() {
    std::string text;
    for (const std::string_view name : {"authentic", "non-exportable", "cabf-code-signing"})
        text += describe_policy(name);
    return text;
}

std::string list_demands() {
    const auto left_side = [](const DemandHelp &help) {
        return concat({help.name, help.argument.empty() ? "" : "=", help.argument});
    };
    std::size_t width = 0;
    for (const auto &help : demand_help()) width = std::max(width, left_side(help).size() + 2);
    std::string text;
    for (const auto &help : demand_help()) text += concat({padded(left_side(help), width), help.meaning, "\n"});
    return text;
}

}  // namespace mhsm::cli
