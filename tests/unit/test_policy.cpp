// Demands: how they are spelled and how each is judged. Policy files are in test_policy_file.cpp.
#include "core/policy.h"

#include <set>

#include "outcomes.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

// A key to be judged, with one attribute or none.
struct Subject {
    Bytes value;
    BlobObject object;
    KeyObject key;
    Appraised appraised;

    Subject() {
        key.object = &object;
        key.bits = 2048;
        appraised.key = &key;
    }
    Subject(std::uint32_t type, Bytes content) : Subject() {
        value = std::move(content);
        object.attributes = {{type, ByteView(value)}};
    }
    Subject(const Subject &) = delete;
    Subject &operator=(const Subject &) = delete;

    Outcome judged(std::string_view demand) const { return judge(parse_demand(demand).value(), appraised); }
};

struct Flag {
    const char *demand;
    std::uint32_t type;
    bool wanted;
};
constexpr Flag flags[] = {
    {"not-extractable", cka::EXTRACTABLE, false},
    {"never-extractable", cka::NEVER_EXTRACTABLE, true},
    {"sensitive", cka::SENSITIVE, true},
    {"always-sensitive", cka::ALWAYS_SENSITIVE, true},
    {"local", cka::LOCAL, true},
    {"private", cka::PRIVATE, true},
    {"wrap-with-trusted", cka::WRAP_WITH_TRUSTED, true},
    {"not-trusted", cka::TRUSTED, false},
    {"not-modifiable", cka::MODIFIABLE, false},
    {"not-destroyable", cka::DESTROYABLE, false},
    {"sign", cka::SIGN, true},
    {"no-sign", cka::SIGN, false},
    {"no-decrypt", cka::DECRYPT, false},
    {"no-wrap", cka::WRAP, false},
    {"no-unwrap", cka::UNWRAP, false},
    {"no-derive", cka::DERIVE, false},
};
constexpr std::string_view other_demands[] = {"sign-only", "fips",  "owner-pinned", "key-type",
                                              "min-bits",  "curve", "key-any-of"};

void check_argument_fails(std::string_view demand, std::string_view detail) {
    const Context context{std::string(demand)};
    const auto name = demand.substr(0, demand.find('='));
    CHECK_FAILS(parse_demand(demand), Reason::policy_malformed, name, detail);
}

void check_argument(std::string_view demand) {
    const Context context{std::string(demand)};
    const auto parsed = parse_demand(demand);
    CHECK_PASSES(parsed);
    CHECK_EQ(parsed->name + "=" + parsed->argument, demand);
}

}  // namespace

TEST(every_demand_is_tested_here) {
    std::set<std::string_view> tested(std::begin(other_demands), std::end(other_demands));
    for (const auto &flag : flags) tested.insert(flag.demand);
    std::set<std::string_view> offered;
    for (const auto &help : demand_help()) {
        const Context context{std::string(help.name)};
        CHECK(tested.contains(help.name));
        CHECK(offered.insert(help.name).second);
        CHECK(help.meaning.size() > 10);
    }
    CHECK_EQ(offered.size(), tested.size());
}

TEST(flags_that_are_met) {
    for (const auto &flag : flags) {
        const Context context(flag.demand);
        const Subject subject(flag.type, {static_cast<std::uint8_t>(flag.wanted)});
        const auto outcome = subject.judged(flag.demand);
        CHECK_PASSES(outcome);
        CHECK_EQ(outcome.subject, attribute_name(flag.type));
        CHECK_EQ(outcome.detail, flag.wanted ? "true" : "false");
    }
}

TEST(flags_that_are_not_met) {
    for (const auto &flag : flags) {
        const Context context(flag.demand);
        const Subject subject(flag.type, {static_cast<std::uint8_t>(!flag.wanted)});
        CHECK_FAILS(subject.judged(flag.demand), Reason::demand_false, attribute_name(flag.type),
                    flag.wanted ? "expected true, found false" : "expected false, found true");
    }
}

TEST(flags_that_are_absent_or_malformed_are_not_met) {
    for (const auto &flag : flags) {
        const Context context(flag.demand);
        const auto name = attribute_name(flag.type);
        const auto *expected = flag.wanted ? "expected true" : "expected false";
        CHECK_FAILS(Subject().judged(flag.demand), Reason::demand_absent, name, expected);
        Subject unavailable(flag.type, {});
        unavailable.object.attributes[0].value.reset();
        CHECK_FAILS(unavailable.judged(flag.demand), Reason::demand_absent, name, expected);
        for (const Bytes &odd : {Bytes{}, Bytes{2}, Bytes{0, 0, 0, 0}, Bytes{0, 0, 0, 1}, Bytes{0xff}})
            CHECK_FAILS(Subject(flag.type, odd).judged(flag.demand), Reason::demand_malformed, name, expected);
    }
}

TEST(sign_only_needs_every_other_use_to_be_ruled_out) {
    const Bytes yes{1}, no{0};
    Subject subject;
    for (const auto type : {cka::SIGN, cka::ENCRYPT, cka::DECRYPT, cka::WRAP, cka::UNWRAP, cka::DERIVE})
        subject.object.attributes.push_back({type, ByteView(type == cka::SIGN ? yes : no)});
    CHECK_PASSES(subject.judged("sign-only"));
    for (auto &attribute : subject.object.attributes) {
        const auto right = attribute.value;
        const auto name = attribute_name(attribute.type);
        attribute.value = ByteView(attribute.type == cka::SIGN ? no : yes);
        CHECK_FAILS(subject.judged("sign-only"), Reason::demand_false, name, "expected ");
        attribute.value.reset();
        CHECK_FAILS(subject.judged("sign-only"), Reason::demand_absent, name, "expected ");
        attribute.value = right;
    }
}

TEST(fips_is_what_the_adapter_says) {
    Subject subject;
    CHECK_FAILS(subject.judged("fips"), Reason::demand_absent, "adapter name", "expected: for FIPS mode");
    subject.appraised.fips_mode = false;
    CHECK_FAILS(subject.judged("fips"), Reason::demand_false, "adapter name",
                "expected for FIPS mode, found for non-FIPS mode");
    subject.appraised.fips_mode = true;
    CHECK_PASSES(subject.judged("fips"));
}

TEST(owner_pinned_is_not_met_by_tls) {
    Subject subject;
    CHECK_FAILS(subject.judged("owner-pinned"), Reason::demand_false, "pool root",
                "expected pinned, found unauthenticated");
    subject.appraised.owner_trust = OwnerTrust::tls;
    CHECK_FAILS(subject.judged("owner-pinned"), Reason::demand_false, "pool root", "expected pinned, found tls");
    subject.appraised.owner_trust = OwnerTrust::pinned;
    CHECK_PASSES(subject.judged("owner-pinned"));
}

TEST(key_types) {
    Subject subject;
    CHECK_PASSES(subject.judged("key-type=RSA"));
    CHECK_PASSES(subject.judged("key-type=EC|RSA"));
    CHECK_FAILS(subject.judged("key-type=EC|AES"), Reason::demand_false, "key type", "expected EC|AES, found RSA");
    subject.key.type = KeyType::aes;
    CHECK_PASSES(subject.judged("key-type=AES"));
}

TEST(key_sizes) {
    Subject subject;
    CHECK_PASSES(subject.judged("min-bits=2048"));
    CHECK_PASSES(subject.judged("min-bits=1"));
    CHECK_FAILS(subject.judged("min-bits=2049"), Reason::demand_false, "key size",
                "expected at least 2049 bits, found 2048");
    CHECK_FAILS(judge({"min-bits", "x"}, subject.appraised), Reason::demand_false, "key size", "found 2048");
}

TEST(curves) {
    Subject subject;
    CHECK_FAILS(subject.judged("curve=P-256"), Reason::demand_false, "curve", "expected P-256, found RSA-2048");
    subject.key.type = KeyType::ec;
    subject.key.curve = curve_by_name("P-384");
    CHECK_PASSES(subject.judged("curve=P-384"));
    CHECK_PASSES(subject.judged("curve=P-256|P-384"));
    CHECK_FAILS(subject.judged("curve=P-256|P-521"), Reason::demand_false, "curve",
                "expected P-256|P-521, found P-384");
}

TEST(alternatives_of_keys) {
    Subject subject;
    CHECK_PASSES(subject.judged("key-any-of=RSA-2048|P-256"));
    CHECK_FAILS(subject.judged("key-any-of=RSA-3072|P-256"), Reason::demand_false, "key",
                "expected RSA-3072|P-256, found RSA-2048");
    CHECK_FAILS(judge({"key-any-of", "RSA-x"}, subject.appraised), Reason::demand_false, "key", "found RSA-2048");
    subject.key.type = KeyType::ec;
    subject.key.bits = 384;
    subject.key.curve = curve_by_name("P-384");
    CHECK_PASSES(subject.judged("key-any-of=RSA-3072|P-384"));
    CHECK_FAILS(subject.judged("key-any-of=RSA-256|P-256"), Reason::demand_false, "key", "found P-384");
    subject.key.type = KeyType::aes;
    subject.key.curve = nullptr;
    CHECK_FAILS(subject.judged("key-any-of=RSA-256|P-384"), Reason::demand_false, "key", "found AES-384");
}

TEST(arguments) {
    for (const auto *demand : {"key-type=RSA", "key-type=RSA|EC|AES", "min-bits=1", "min-bits=2147483647",
                               "curve=P-256K", "curve=P-256|P-521", "key-any-of=RSA-3072", "key-any-of=P-256|RSA-4096"})
        check_argument(demand);
}

TEST(wrong_arguments) {
    for (const auto *demand : {"key-type", "key-type=", "key-type=rsa", "key-type=RSA|", "key-type=|RSA",
                               "key-type=RSA, EC", "key-type=RSA|DSA"})
        check_argument_fails(demand, "expected RSA, EC or AES, found '");
    for (const auto *demand :
         {"min-bits", "min-bits=", "min-bits=0", "min-bits=-1", "min-bits=+1", "min-bits=2048 ", "min-bits= 2048",
          "min-bits=0x800", "min-bits=2147483648", "min-bits=many", "min-bits=2048=1"})
        check_argument_fails(demand, "expected a number of bits, found '");
    for (const auto *demand : {"curve", "curve=", "curve=secp256r1", "curve=p-256", "curve=P-256|", "curve=P-224"})
        check_argument_fails(demand, "expected P-256, P-384, P-521 or P-256K, found '");
    for (const auto *demand : {"key-any-of", "key-any-of=", "key-any-of=RSA", "key-any-of=RSA-", "key-any-of=RSA-0",
                               "key-any-of=RSA-2048|", "key-any-of=AES-256", "key-any-of=P-255"})
        check_argument_fails(demand, "expected RSA-<bits> or a curve, found '");
    for (const auto &flag : flags) check_argument_fails(std::string(flag.demand) + "=true", "it takes no argument");
    for (const auto *demand : {"fips=", "owner-pinned=1", "sign-only=yes"})
        check_argument_fails(demand, "it takes no argument");
}

TEST(unknown_demands) {
    for (const std::string name : {"", "nonsense", "Local", "local ", " local", "never_extractable"}) {
        CHECK_FAILS(parse_demand(name), Reason::demand_unknown, name, "");
        CHECK_FAILS(judge({name, ""}, Subject().appraised), Reason::demand_unknown, name, "");
    }
    CHECK_FAILS(parse_demand("nonsense=1"), Reason::demand_unknown, "nonsense", "");
}

TEST(lists_of_demands) {
    Policy policy;
    CHECK_PASSES(add_demands(policy, "local,min-bits=2048"));
    CHECK_PASSES(add_demands(policy, "min-bits=3072,local,local"));
    CHECK_EQ(policy.demands.size(), 3U);
    CHECK_EQ(policy.demands[2].argument, "3072");
    CHECK_FAILS(add_demands(policy, ""), Reason::demand_unknown, "", "");
    CHECK_FAILS(add_demands(policy, "sensitive,"), Reason::demand_unknown, "", "");
    CHECK_FAILS(add_demands(policy, "sign,nonsense"), Reason::demand_unknown, "nonsense", "");
    CHECK_FAILS(add_demands(policy, "min-bits=x"), Reason::policy_malformed, "min-bits", "found 'x'");
}
