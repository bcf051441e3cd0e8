// Everything that the forge mints, through the module: a key if and only if the evidence verifies, else one error that
// names the check and the reason. Times lie in the past, so that EVP_PKEY_fromdata with at-time verifies.
#include <algorithm>
#include <map>

#include "cmocka_cpp.h"
#include "core/reason.h"
#include "forge.h"
#include "mhsmattest.h"
#include "provider_fixture.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

// Whether the case is about evidence alone: what only the command and a download bring along is not.
bool usable(const forge::Options &options) {
    return options.tls_pool.empty() && options.request.empty() && options.time && !options.csr &&
           !options.certificate && !options.public_key;
}

template <class Items, class Print>
std::string joined(const Items &items, std::string_view separator, Print print) {
    std::string text;
    for (const auto &item : items) text.append(text.empty() ? "" : separator).append(print(item));
    return text;
}

std::string policy_parameter(const Folder &folder, const forge::Options &options) {
    if (options.require.empty()) return options.policy;
    std::string demands = options.require;
    for (std::size_t at = 0; (at = demands.find(',', at)) != std::string::npos; at += 3)
        demands.replace(at, 1, "\",\"");
    return folder.write("policy.json", R"({"version":1,"name":"test","base":")" + options.policy + R"(","require":[")" +
                                           demands + "\"]}");
}

// The section of openssl.cnf that puts the provider into the situation of the case.
std::string parameters_of(const Folder &folder, const forge::Options &options) {
    std::string text = "owner-trust = " + options.owner_trust +
                       "\nno-default-hsm-roots = yes\nhsm-roots = " + folder.write("hsm-root.pem", options.hsm_root) +
                       "\npolicy = " + policy_parameter(folder, options) + "\n";
    if (!options.owner_pins.empty())
        text +=
            "owner-pins = " + joined(options.owner_pins, ",", [](const auto &pin) { return "sha256:" + pin; }) + "\n";
    if (!options.known_pools.empty())
        text +=
            "known-pools = " +
            folder.write("pools", joined(options.known_pools, "\n",
                                         [](const auto &known) { return known.first + " sha256:" + known.second; })) +
            "\n";
    return text;
}

std::string_view text_of_reason(std::string_view id) {
    constexpr std::pair<std::string_view, Reason> table[] = {
#define REASON(symbol, id, text, remedy) {id, Reason::symbol},
#include "core/reasons.def"
#undef REASON
    };
    const auto *found = std::ranges::find(table, id, &std::pair<std::string_view, Reason>::first);
    CHECK(found != std::end(table));
    return reason_text(found->second);
}

// "<library>: <reason>: <check>: ...": one of the checks that may fail, and its reason if it is the one that must.
void check_error(const forge::Case &forged, const std::vector<std::string> &errors) {
    CHECK_EQ(errors.size(), 1);
    const auto &error = errors.front();
    CHECK(error.starts_with("mhsmattest: "));
    if (error.find(": " + forged.check) != std::string::npos) {
        CHECK_CONTAINS(error, std::string(text_of_reason(forged.reason)) + ": " + forged.check);
        return;
    }
    CHECK(std::ranges::any_of(forged.also,
                              [&](const auto &check) { return error.find(": " + check) != std::string::npos; }));
}

// The provider put into the situation of a case.
struct Situation {
    explicit Situation(const forge::Options &options) : application(parameters_of(folder, options)) {}
    Folder folder;
    Application application;
};

// One for all cases that differ in nothing but their evidence: libcrypto numbers the errors of a provider anew in each
// library context, and after about 120 contexts of one process errors have no words any more.
const Application &application_for(const forge::Options &options) {
    static std::map<std::string, Situation> situations;
    const auto same = [](const auto &text) { return text; };
    const auto name =
        joined(std::vector{options.policy, options.require, options.owner_trust, options.hsm_root,
                           joined(options.owner_pins, ",", same),
                           joined(options.known_pools, ",", [](const auto &p) { return p.first + p.second; })},
               "|", same);
    return situations.try_emplace(name, options).first->second.application;
}

// The cases are so many that their situations need several processes; each of these tests is run in its own.
constexpr std::size_t parts = 4;

void check_part(std::size_t part) {
    int keys = 0;
    int refusals = 0;
    std::size_t number = 0;
    for (const auto &forged : forge::mint_all()) {
        if (number++ % parts != part || !usable(forged.options) || forged.evidence.empty()) continue;
        const Context row(forged.name);
        const auto &application = application_for(forged.options);
        CHECK(application.loaded());
        const auto key = from_data(application.context(), {.evidence = forged.evidence, .time = *forged.options.time});
        CHECK_EQ(key != nullptr, forged.verifies);
        const auto errors = drain_errors();
        if (forged.verifies)
            CHECK_EQ(errors.size(), 0);
        else
            check_error(forged, errors);
        ++(key ? keys : refusals);
    }
    CHECK(keys > 25);
    CHECK(refusals > 100);
}

// A key if and only if the evidence verifies.
TEST(part_1_of_4) { check_part(0); }
TEST(part_2_of_4) { check_part(1); }
TEST(part_3_of_4) { check_part(2); }
TEST(part_4_of_4) { check_part(3); }

}  // namespace
