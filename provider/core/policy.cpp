#include "policy.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace mhsm {
namespace {

using Judge = Outcome (*)(const Demand &, const Appraised &);

Outcome malformed_argument(const Demand &demand, std::string_view expected) {
    return Outcome::fail(Reason::policy_malformed, demand.name,
                         "expected " + std::string(expected) + ", found '" + demand.argument + "'");
}

std::optional<int> to_bits(std::string_view text) {
    int bits = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
    if (error != std::errc{} || end != text.data() + text.size() || bits <= 0) return std::nullopt;
    return bits;
}

std::vector<std::string_view> split(std::string_view list, char separator) {
    std::vector<std::string_view> words;
    for (;;) {
        const auto end = list.find(separator);
        words.push_back(list.substr(0, end));
        if (end == std::string_view::npos) return words;
        list.remove_prefix(end + 1);
    }
}

Outcome judge_boolean(const Appraised &appraised, std::uint32_t type, bool wanted) {
    const auto name = attribute_name(type);
    const std::string expected = std::string("expected ") + (wanted ? "true" : "false");
    switch (read_boolean(*appraised.key->object, type)) {
        case Tri::absent: return Outcome::fail(Reason::demand_absent, name, expected);
        case Tri::malformed: return Outcome::fail(Reason::demand_malformed, name, expected);
        case Tri::yes:
            return wanted ? Outcome::pass(name, "true")
                          : Outcome::fail(Reason::demand_false, name, expected + ", found true");
        case Tri::no: break;
    }
    return wanted ? Outcome::fail(Reason::demand_false, name, expected + ", found false")
                  : Outcome::pass(name, "false");
}

template <std::uint32_t Type, bool Wanted>
Outcome flag(const Demand &, const Appraised &appraised) {
    return judge_boolean(appraised, Type, Wanted);
}

Outcome verdict_of(bool met, const std::string &subject, const std::string &expected, const std::string &found) {
    if (met) return Outcome::pass(subject, found);
    return Outcome::fail(Reason::demand_false, subject, "expected " + expected + ", found " + found);
}

std::string key_words(const KeyObject &key) {
    if (key.curve != nullptr) return std::string(key.curve->name);
    return std::string(key_type_name(key.type)) + "-" + std::to_string(key.bits);
}

Outcome judge_key_type(const Demand &demand, const Appraised &appraised) {
    const auto types = split(demand.argument, '|');
    const auto type = key_type_name(appraised.key->type);
    return verdict_of(std::ranges::find(types, type) != types.end(), "key type", demand.argument, std::string(type));
}

Outcome judge_min_bits(const Demand &demand, const Appraised &appraised) {
    const bool met = appraised.key->bits >= to_bits(demand.argument).value_or(appraised.key->bits + 1);
    return verdict_of(met, "key size", "at least " + demand.argument + " bits", std::to_string(appraised.key->bits));
}

Outcome judge_curve(const Demand &demand, const Appraised &appraised) {
    const auto names = split(demand.argument, '|');
    const auto *curve = appraised.key->curve;
    const bool met = curve != nullptr && std::ranges::find(names, curve->name) != names.end();
    return verdict_of(met, "curve", demand.argument, key_words(*appraised.key));
}

constexpr std::string_view rsa_prefix = "RSA-";

Outcome judge_key_any_of(const Demand &demand, const Appraised &appraised) {
    const auto &key = *appraised.key;
    const auto fits = [&key](std::string_view alternative) {
        if (key.type == KeyType::rsa && alternative.starts_with(rsa_prefix))
            return key.bits >= to_bits(alternative.substr(rsa_prefix.size())).value_or(key.bits + 1);
        return key.curve != nullptr && key.curve->name == alternative;
    };
    return verdict_of(std::ranges::any_of(split(demand.argument, '|'), fits), "key", demand.argument, key_words(key));
}

Outcome judge_sign_only(const Demand &demand, const Appraised &appraised) {
    constexpr auto forbidden = std::to_array({cka::ENCRYPT, cka::DECRYPT, cka::WRAP, cka::UNWRAP, cka::DERIVE});
    auto signs = judge_boolean(appraised, cka::SIGN, true);
    if (!signs.passed()) return signs;
    for (const auto type : forbidden) {
        auto outcome = judge_boolean(appraised, type, false);
        if (!outcome.passed()) return outcome;
    }
    return Outcome::pass(demand.name, "CKA_SIGN and nothing else");
}

Outcome judge_fips(const Demand &, const Appraised &appraised) {
    if (!appraised.fips_mode) return Outcome::fail(Reason::demand_absent, "adapter name", "expected: for FIPS mode");
    return verdict_of(*appraised.fips_mode, "adapter name", "for FIPS mode",
                      *appraised.fips_mode ? "for FIPS mode" : "for non-FIPS mode");
}

Outcome judge_owner_pinned(const Demand &, const Appraised &appraised) {
    return verdict_of(appraised.owner_trust == OwnerTrust::pinned, "pool root", "pinned",
                      appraised.owner_trust == OwnerTrust::tls ? "tls" : "unauthenticated");
}

Outcome accept_types(const Demand &demand) {
    for (const auto word : split(demand.argument, '|'))
        if (word != "RSA" && word != "EC" && word != "AES") return malformed_argument(demand, "RSA, EC or AES");
    return Outcome::pass();
}
Outcome accept_bits(const Demand &demand) {
    return to_bits(demand.argument) ? Outcome::pass() : malformed_argument(demand, "a number of bits");
}
Outcome accept_curves(const Demand &demand) {
    for (const auto word : split(demand.argument, '|'))
        if (curve_by_name(word) == nullptr) return malformed_argument(demand, "P-256, P-384, P-521 or P-256K");
    return Outcome::pass();
}
Outcome accept_alternatives(const Demand &demand) {
    for (const auto word : split(demand.argument, '|')) {
        const bool rsa = word.starts_with(rsa_prefix) && to_bits(word.substr(rsa_prefix.size()));
        if (!rsa && curve_by_name(word) == nullptr) return malformed_argument(demand, "RSA-<bits> or a curve");
    }
    return Outcome::pass();
}

struct DemandEntry {
    DemandHelp help;
    Judge judge;
    Outcome (*accept)(const Demand &);  // null: takes no argument
};

constexpr auto demands = std::to_array<DemandEntry>({
    {{"not-extractable", "", "CKA_EXTRACTABLE is false"}, flag<cka::EXTRACTABLE, false>, nullptr},
    {{"never-extractable", "", "CKA_NEVER_EXTRACTABLE is true"}, flag<cka::NEVER_EXTRACTABLE, true>, nullptr},
    {{"sensitive", "", "CKA_SENSITIVE is true"}, flag<cka::SENSITIVE, true>, nullptr},
    {{"always-sensitive", "", "CKA_ALWAYS_SENSITIVE is true"}, flag<cka::ALWAYS_SENSITIVE, true>, nullptr},
    {{"local", "", "CKA_LOCAL is true: generated in the HSM"}, flag<cka::LOCAL, true>, nullptr},
    {{"private", "", "CKA_PRIVATE is true"}, flag<cka::PRIVATE, true>, nullptr},
    {{"wrap-with-trusted", "", "CKA_WRAP_WITH_TRUSTED is true"}, flag<cka::WRAP_WITH_TRUSTED, true>, nullptr},
    {{"not-trusted", "", "CKA_TRUSTED is false"}, flag<cka::TRUSTED, false>, nullptr},
    {{"not-modifiable", "", "CKA_MODIFIABLE is false"}, flag<cka::MODIFIABLE, false>, nullptr},
    {{"not-destroyable", "", "CKA_DESTROYABLE is false"}, flag<cka::DESTROYABLE, false>, nullptr},
    {{"sign", "", "CKA_SIGN is true"}, flag<cka::SIGN, true>, nullptr},
    {{"no-sign", "", "CKA_SIGN is false"}, flag<cka::SIGN, false>, nullptr},
    {{"no-decrypt", "", "CKA_DECRYPT is false"}, flag<cka::DECRYPT, false>, nullptr},
    {{"no-wrap", "", "CKA_WRAP is false"}, flag<cka::WRAP, false>, nullptr},
    {{"no-unwrap", "", "CKA_UNWRAP is false"}, flag<cka::UNWRAP, false>, nullptr},
    {{"no-derive", "", "CKA_DERIVE is false"}, flag<cka::DERIVE, false>, nullptr},
    {{"sign-only", "", "CKA_SIGN is true; ENCRYPT, DECRYPT, WRAP, UNWRAP and DERIVE are false"},
     judge_sign_only,
     nullptr},
    {{"fips", "", "the adapter's certificate says \"for FIPS mode\""}, judge_fips, nullptr},
    {{"owner-pinned", "", "the pool root is pinned"}, judge_owner_pinned, nullptr},
    {{"key-type", "TYPE[|TYPE]", "the key is RSA, EC or AES"}, judge_key_type, accept_types},
    {{"min-bits", "BITS", "the key has at least this many bits"}, judge_min_bits, accept_bits},
    {{"curve", "CURVE[|CURVE]", "the key is on P-256, P-384, P-521 or P-256K"}, judge_curve, accept_curves},
    {{"key-any-of", "KEY[|KEY]", "the key is RSA-<at least bits> or on one of the curves"},
     judge_key_any_of,
     accept_alternatives},
});

const DemandEntry *find_demand(std::string_view name) {
    const auto found =
        std::ranges::find_if(demands, [name](const DemandEntry &entry) { return entry.help.name == name; });
    return found != demands.end() ? &*found : nullptr;
}

constexpr std::string_view non_exportable = "not-extractable,never-extractable,sensitive,always-sensitive,local";
constexpr std::string_view cabf_key = "key-any-of=RSA-3072|P-256|P-384|P-521";

Failure malformed_policy(std::string subject, std::string detail) {
    return {Reason::policy_malformed, std::move(subject), std::move(detail)};
}

Outcome check_policy_members(const cJSON *root) {
    auto unique = check_unique_members(root, "policy");
    if (!unique.passed()) return unique;
    constexpr auto known = std::to_array<std::string_view>({"version", "name", "description", "base", "require"});
    for (const cJSON *item = root->child; item != nullptr; item = item->next)
        if (std::ranges::find(known, item->string) == known.end())
            return Outcome::fail(malformed_policy(item->string, "unknown member"));
    const auto *version = json_member(root, "version");
    if (cJSON_IsNumber(version) == 0 || version->valuedouble != 1.0)
        return Outcome::fail(malformed_policy("version", "expected 1"));
    if (json_string(json_member(root, "name")) == nullptr)
        return Outcome::fail(malformed_policy("name", "expected a string"));
    // A report must not say "non-exportable" of a key that was held to something else.
    if (named_policy(json_string(json_member(root, "name"))))
        return Outcome::fail(malformed_policy("name", "it is the name of a built-in policy"));
    const auto *description = json_member(root, "description");
    if (description != nullptr && json_string(description) == nullptr)
        return Outcome::fail(malformed_policy("description", "expected a string"));
    return Outcome::pass();
}

Outcome add_required(Policy &policy, const cJSON *require) {
    if (require == nullptr) return Outcome::pass();
    if (cJSON_IsArray(require) == 0) return Outcome::fail(malformed_policy("require", "expected an array of strings"));
    for (const cJSON *item = require->child; item != nullptr; item = item->next) {
        const char *text = json_string(item);
        if (text == nullptr) return Outcome::fail(malformed_policy("require", "expected an array of strings"));
        auto added = add_demands(policy, text);
        if (!added.passed()) return added;
    }
    return Outcome::pass();
}

}  // namespace

Result<Demand> parse_demand(std::string_view text) {
    const auto equals = text.find('=');
    Demand demand{std::string(text.substr(0, equals)),
                  equals == std::string_view::npos ? "" : std::string(text.substr(equals + 1))};
    const auto *entry = find_demand(demand.name);
    if (entry == nullptr) return Failure{Reason::demand_unknown, demand.name, ""};
    if (entry->accept == nullptr) {
        if (equals != std::string_view::npos) return malformed_policy(demand.name, "it takes no argument");
        return demand;
    }
    auto accepted = entry->accept(demand);
    if (!accepted.passed()) return Failure{accepted.reason, accepted.subject, accepted.detail};
    return demand;
}

Outcome add_demands(Policy &policy, std::string_view list) {
    for (const auto word : split(list, ',')) {
        auto demand = parse_demand(word);
        if (!demand) return Outcome::fail(demand.failure());
        const auto same = [&](const Demand &other) {
            return other.name == demand->name && other.argument == demand->argument;
        };
        if (std::ranges::none_of(policy.demands, same)) policy.demands.push_back(std::move(*demand));
    }
    return Outcome::pass();
}

Result<Policy> named_policy(std::string_view name) {
    Policy policy{std::string(name), {}};
    if (name == "authentic") return policy;
    if (name != "non-exportable" && name != "cabf-code-signing")
        return Failure{Reason::policy_unknown, std::string(name), ""};
    auto added = add_demands(policy, non_exportable);
    if (added.passed() && name == "cabf-code-signing") added = add_demands(policy, cabf_key);
    if (!added.passed()) return Failure{added.reason, added.subject, added.detail};
    return policy;
}

Result<Policy> parse_policy(ByteView json) {
    const auto root = parse_json_object(json);
    if (!root)
        return malformed_policy("policy", "not a JSON object: " + std::string(reason_id(root.failure().reason)) + " " +
                                              root.failure().detail);
    auto members = check_policy_members(root->get());
    if (!members.passed()) return Failure{members.reason, members.subject, members.detail};
    const auto *base = json_member(root->get(), "base");
    const char *base_name = base != nullptr ? json_string(base) : "authentic";
    if (base_name == nullptr) return malformed_policy("base", "expected a string");
    auto policy = named_policy(base_name);
    if (!policy) return policy.failure();
    policy->name = json_string(json_member(root->get(), "name"));
    auto added = add_required(*policy, json_member(root->get(), "require"));
    if (!added.passed()) return Failure{added.reason, added.subject, added.detail};
    return policy;
}

std::vector<DemandHelp> demand_help() {
    std::vector<DemandHelp> help;
    help.reserve(demands.size());
    for (const auto &entry : demands) help.push_back(entry.help);
    return help;
}

Outcome judge(const Demand &demand, const Appraised &appraised) {
    const auto *entry = find_demand(demand.name);
    if (entry == nullptr) return Outcome::fail(Reason::demand_unknown, demand.name, "");
    return entry->judge(demand, appraised);
}

}  // namespace mhsm
