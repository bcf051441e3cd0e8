// policy.*: what a policy demands of the private or secret object.
#include "table.h"

namespace forge {
namespace {

struct Flag {
    const char *demand;
    std::uint32_t type;
    std::uint8_t good;
    bool named;  // part of the policy non-exportable; else only a single demand
};

const Flag flags[] = {
    {"not-extractable", cka::extractable, 0, true},
    {"never-extractable", cka::never_extractable, 1, true},
    {"sensitive", cka::sensitive, 1, true},
    {"always-sensitive", cka::always_sensitive, 1, true},
    {"local", cka::local, 1, true},
    {"wrap-with-trusted", cka::wrap_with_trusted, 1, false},
    {"not-trusted", cka::trusted, 0, false},
    {"private", cka::is_private, 1, false},
    {"not-modifiable", cka::modifiable, 0, false},
    {"not-destroyable", cka::destroyable, 0, false},
    {"sign", cka::sign, 1, false},
    {"no-sign", cka::sign, 0, false},
    {"no-decrypt", cka::decrypt, 0, false},
    {"no-wrap", cka::wrap, 0, false},
    {"no-unwrap", cka::unwrap, 0, false},
    {"no-derive", cka::derive, 0, false},
};

Change demand(const Flag &flag, std::function<void(Object &)> edit) {
    return [flag, edit = std::move(edit)](Scene &scene) {
        scene.private_object.set(flag.type, {flag.good});
        edit(scene.private_object);
        if (flag.named)
            scene.options.policy = "non-exportable";
        else
            scene.options.require = flag.demand;
    };
}

void add_flag(Table &table, const Flag &flag, const char *kind, Layout layout) {
    const auto type = flag.type;
    const std::string name = std::string("policy-") + flag.demand + "-" + kind + "-";
    const auto fails = [&](const char *reason, const char *how, const char *description,
                           std::function<void(Object &)> edit) {
        table
            .fails(std::string("policy.") + flag.demand, reason, name + how, description, demand(flag, std::move(edit)))
            .on(kind, layout);
    };
    const std::uint8_t bad = flag.good == 0 ? 1 : 0;
    table.verifies(name + "met", "the demand is met", demand(flag, [](Object &) {})).on(kind, layout);
    fails("demand-not-met", "false", "the HSM states the opposite",
          [type, bad](Object &object) { object.set(type, {bad}); });
    fails("demand-absent", "absent", "the HSM does not state it", [type](Object &object) { object.erase(type); });
    fails("demand-absent", "not-available", "the HSM marks it not available", [type](Object &object) {
        for (auto &attribute : object.attributes)
            if (attribute.type == type) attribute.value.reset();
    });
    fails("demand-absent", "minus-one", "the HSM gives it the value -1, which means not available",
          [type](Object &object) { object.set(type, filled(4, 0xff)); });
    fails("demand-malformed", "empty", "the boolean has no byte", [type](Object &object) { object.set(type, {}); });
    fails("demand-malformed", "four-bytes", "the boolean has four bytes", [type, good = flag.good](Object &object) {
        object.set(type, {0, 0, 0, good});
    });
    fails("demand-malformed", "two", "the boolean is 02", [type](Object &object) { object.set(type, {2}); });
    fails("demand-malformed", "ff", "the boolean is ff", [type](Object &object) { object.set(type, {0xff}); });
}

void add_named_policies(Table &table) {
    const auto policy = [](const char *name) { return [name](Scene &scene) { scene.options.policy = name; }; };
    for (const auto &kind : key_kinds()) {
        const std::string name(kind.name);
        const auto layout = kind.bits % 256 == 0 ? Layout::firmware2 : Layout::firmware3;
        table.verifies("policy-non-exportable-" + name, "an unaltered key is not exportable", policy("non-exportable"))
            .on(name, layout);
        const bool accepted = name == "rsa-3072" || name == "p-256" || name == "p-384" || name == "p-521";
        if (accepted)
            table.verifies("policy-code-signing-" + name, "a key that may sign code", policy("cabf-code-signing"))
                .on(name, layout);
        else if (name != "rsa-4096")  // covered below
            table
                .fails("policy.key-any-of", "demand-not-met", "policy-code-signing-" + name,
                       "a key that may not sign code", policy("cabf-code-signing"))
                .on(name, layout);
    }
    table.verifies("policy-code-signing-rsa-4096", "RSA-3072 means 3072 bits or more", policy("cabf-code-signing"))
        .on("rsa-4096");
    table
        .fails("policy.never-extractable", "demand-not-met", "policy-exportable-key",
               "a key that was made to be exportable",
               [](Scene &scene) {
                   scene.options.policy = "non-exportable";
                   scene.private_object.set(cka::extractable, {1});
                   scene.private_object.set(cka::never_extractable, {0});
               })
        .failing_too({"policy.not-extractable"});
    table.fails("policy.never-extractable", "demand-not-met", "policy-public-half-protected",
                "only the public object claims to be protected", [](Scene &scene) {
                    scene.options.policy = "non-exportable";
                    scene.private_object.set(cka::never_extractable, {0});
                    scene.public_object->set(cka::never_extractable, {1});
                    scene.public_object->set(cka::extractable, {0});
                });
    table.verifies("policy-authentic-exportable", "an exportable key is authentic all the same", [](Scene &scene) {
        scene.private_object.set(cka::extractable, {1});
        scene.private_object.set(cka::never_extractable, {2});
    });
}

void add_key_demands(Table &table) {
    struct Demanded {
        const char *check, *text, *good, *bad;
    };
    for (const Demanded made : {Demanded{"policy.key-type", "key-type=RSA", "rsa-2048", "p-256"},
                                Demanded{"policy.key-type", "key-type=EC", "p-256", "aes-256"},
                                Demanded{"policy.key-type", "key-type=AES", "aes-256", "rsa-2048"},
                                Demanded{"policy.min-bits", "min-bits=3072", "rsa-3072", "rsa-2048"},
                                Demanded{"policy.min-bits", "min-bits=256", "aes-256", "aes-192"},
                                Demanded{"policy.curve", "curve=P-256", "p-256", "p-256k"},
                                Demanded{"policy.curve", "curve=P-384", "p-384", "rsa-2048"}}) {
        std::string name = std::string("require-") + made.text;
        name.at(name.find('=')) = '-';
        const auto change = [made](Scene &scene) { scene.options.require = made.text; };
        table.verifies(name + "-met", "the demand is met", change).on(made.good);
        table.fails(made.check, "demand-not-met", name + "-not-met", "the demand is not met", change).on(made.bad);
    }
}

// Signs, and does nothing else.
void restrict_to_signing(Scene &scene) {
    for (const auto type : {cka::encrypt, cka::decrypt, cka::wrap, cka::unwrap, cka::derive})
        scene.private_object.set(type, {0});
    scene.private_object.set(cka::sign, {1});
    scene.options.require = "sign-only";
}

void add_usage_demands(Table &table) {
    table.verifies("require-sign-only-met", "a key that only signs", restrict_to_signing);
    const auto fails = [&table](const char *reason, const char *name, const char *description,
                                std::function<void(Object &)> edit) {
        table.fails("policy.sign-only", reason, name, description, [edit = std::move(edit)](Scene &scene) {
            restrict_to_signing(scene);
            edit(scene.private_object);
        });
    };
    fails("demand-not-met", "require-sign-only-decrypts", "the key decrypts too",
          [](Object &object) { object.set(cka::decrypt, {1}); });
    fails("demand-not-met", "require-sign-only-unwraps", "the key unwraps too",
          [](Object &object) { object.set(cka::unwrap, {1}); });
    fails("demand-not-met", "require-sign-only-cannot-sign", "the key does not even sign",
          [](Object &object) { object.set(cka::sign, {0}); });
    fails("demand-absent", "require-sign-only-absent", "whether it signs is not stated",
          [](Object &object) { object.erase(cka::sign); });
    fails("demand-malformed", "require-sign-only-malformed", "whether it decrypts is neither true nor false",
          [](Object &object) { object.set(cka::decrypt, {2}); });
}

void add_surroundings(Table &table) {
    table.fails("policy.fips", "demand-not-met", "require-fips-not-met", "the adapter's name says non-FIPS mode",
                [](Scene &scene) { scene.options.require = "fips"; });
    table.fails("policy.fips", "demand-absent", "require-fips-absent", "the adapter's name says nothing of FIPS",
                [](Scene &scene) {
                    set_adapter_name(scene.pki, "HSM:5.3G0000-TEST0001");
                    scene.options.require = "fips";
                });
    table.verifies("require-owner-pinned-met", "the pool root is pinned",
                   [](Scene &scene) { scene.options.require = "owner-pinned"; });
    table.fails("policy.owner-pinned", "demand-not-met", "require-owner-pinned-tls",
                "the pool root is only known by TLS", [](Scene &scene) {
                    scene.pin_owner = false;
                    scene.options.tls_pool = scene.pool;
                    scene.options.require = "owner-pinned";
                });
    table.fails("policy.owner-pinned", "demand-not-met", "require-owner-pinned-any",
                "the pool root is not authenticated", [](Scene &scene) {
                    scene.pin_owner = false;
                    scene.options.owner_trust = "any";
                    scene.options.require = "owner-pinned";
                });
}

}  // namespace

void add_policy_cases(Table &table) {
    for (const auto &flag : flags) {
        add_flag(table, flag, "rsa-2048", Layout::firmware2);
        if (flag.named) add_flag(table, flag, "p-384", Layout::firmware3);
        if (flag.named) add_flag(table, flag, "aes-256", Layout::firmware2);
    }
    add_named_policies(table);
    add_key_demands(table);
    add_usage_demands(table);
    add_surroundings(table);
}

}  // namespace forge
