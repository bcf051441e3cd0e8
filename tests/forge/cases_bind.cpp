// bind.*: what ties the attested key to the other blob, the JWK, its URL, its pool and what the caller holds.
#include "table.h"

namespace forge {
namespace {

using ObjectEdit = std::function<void(Object &)>;

Change key(std::function<void(Members &)> edit) {
    return [edit = std::move(edit)](Scene &scene) { scene.edit_answer = [edit](Answer &answer) { edit(answer.key); }; };
}

Change objects(ObjectEdit edit) {
    return [edit = std::move(edit)](Scene &scene) { scene.edit_objects(edit); };
}

void flip_last(Object &object, std::uint32_t type) { object.value(type).back() ^= 1; }

void add_pair_attributes(Table &table) {
    const auto fails = [&table](const char *reason, const std::string &name, const char *description,
                                Change change) -> Recipe & {
        return table.fails("bind.pair", reason, name, description, std::move(change));
    };
    for (const char *member : {"private", "public"}) {
        const std::string suffix = std::string("-") + member;
        fails("pair-differs", "pair-id-differs" + suffix, "CKA_ID differs", [member](Scene &scene) {
            object_named(scene, member).value(cka::id).at(10) ^= 1;
        }).failing_too({"bind.kid"});
        fails("pair-differs", "pair-check-value-differs" + suffix, "the key check value differs",
              [member](Scene &scene) { flip_last(object_named(scene, member), cka::check_value); });
        fails("pair-differs", "pair-extended-check-value-differs" + suffix, "the extended key check value differs",
              [member](Scene &scene) { flip_last(object_named(scene, member), cka::extended_check_value); })
            .on(Layout::firmware3);
        fails("pair-attribute-absent", "pair-id-absent" + suffix, "one object has no CKA_ID", [member](Scene &scene) {
            object_named(scene, member).erase(cka::id);
        }).failing_too({"bind.kid"});
        fails("pair-attribute-absent", "pair-check-value-absent" + suffix, "one object has no key check value",
              [member](Scene &scene) { object_named(scene, member).erase(cka::check_value); });
    }
    fails("pair-attribute-absent", "pair-check-value-absent-both", "neither object has a key check value",
          objects([](Object &object) { object.erase(cka::check_value); }));
    fails("pair-differs", "pair-exponent-differs", "the private object states another public exponent",
          [](Scene &scene) { scene.private_object.set(cka::public_exponent, {3}); });
    table.verifies("pair-exponent-public-only", "only the public object states the public exponent",
                   [](Scene &scene) { scene.private_object.erase(cka::public_exponent); });
}

// The object of another key under the same name and check values.
Object with_key(Object object, std::string_view other) {
    object.set(cka::modulus, other[0] == 'p' ? ec_point(other) : rsa_modulus(other));
    return object;
}

void add_pair_keys(Table &table) {
    const auto fails = [&table](const char *name, const char *description, Change change) -> Recipe & {
        return table.fails("bind.pair", "pair-differs", name, description, std::move(change));
    };
    fails("pair-modulus-differs", "the private object is another RSA key",
          [](Scene &scene) { scene.private_object = with_key(scene.private_object, "rsa-2048-2"); });
    for (const auto layout : {Layout::firmware2, Layout::firmware3})
        fails(layout == Layout::firmware2 ? "pair-point-differs-fw2" : "pair-point-differs-fw3",
              "the private object is another EC key",
              [](Scene &scene) { scene.private_object = with_key(scene.private_object, "p-256-2"); })
            .on("p-256", layout);
    fails("pair-two-keys-in-blob", "each 3.x blob holds the public object of one key and the private one of another",
          [](Scene &scene) {
              scene.both_objects = true;
              scene.private_object = with_key(scene.private_object, "p-256-2");
          })
        .on("p-256", Layout::firmware3);
    fails("pair-other-key-beside", "beside the judged public object lies a private object of another key",
          [](Scene &scene) {
              scene.public_blob.objects = {scene.public_object.value(), with_key(scene.private_object, "p-256-2")};
          })
        .on("p-256", Layout::firmware3);
    fails("pair-other-public-key-beside", "beside the judged private object lies a public object of another key",
          [](Scene &scene) {
              scene.private_blob.objects = {with_key(scene.public_object.value(), "p-256-2"), scene.private_object};
          })
        .on("p-256", Layout::firmware3);
    fails("pair-copy-extractable", "the public blob's copy of the private object says that the key may leave",
          [](Scene &scene) {
              Object copy = scene.private_object;
              copy.set(cka::extractable, {1});
              scene.public_blob.objects = {copy, scene.public_object.value()};
          })
        .on("p-256", Layout::firmware3);
    fails("pair-copy-shorter", "the private blob's copy of the public object lacks an attribute", [](Scene &scene) {
        Object copy = scene.public_object.value();
        copy.erase(cka::local);
        scene.private_blob.objects = {scene.private_object, copy};
    }).on("p-256", Layout::firmware3);
    table.verifies("pair-leading-zeros", "one of the two objects writes the exponent with leading zeros",
                   [](Scene &scene) {
                       scene.public_object->set(cka::public_exponent, {0, 0, 1, 0, 1});
                   });
    fails("pair-types-differ", "an RSA private object beside an EC public one, in a bare attestation",
          [](Scene &scene) {
              scene.shape = Shape::bare;
              const Scene other(scene.seed, key_kind("p-256"), scene.layout);
              Object open = other.public_object.value();
              for (const auto type : {cka::id, cka::check_value}) open.set(type, scene.private_object.value(type));
              scene.public_object = open;
          });
}

std::string other_modulus() { return quoted(base64url(rsa_modulus("rsa-2048-2"))); }

void add_jwk_values(Table &table) {
    const auto fails = [&table](const char *reason, const std::string &name, const char *kind, const char *description,
                                std::function<void(Members &)> edit) {
        table.fails("bind.jwk", reason, name, description, key(std::move(edit))).on(kind);
    };
    fails("jwk-differs", "jwk-other-n", "rsa-2048", "n is another key",
          [](Members &jwk) { jwk.set("n", other_modulus()); });
    fails("jwk-differs", "jwk-other-e", "rsa-2048", "e is 3", [](Members &jwk) { jwk.set("e", "\"Aw\""); });
    const Bytes point = ec_point("p-256-2");
    const std::string x = quoted(base64url({point.begin() + 1, point.begin() + 33}));
    const std::string y = quoted(base64url({point.begin() + 33, point.end()}));
    fails("jwk-differs", "jwk-other-x", "p-256", "x is another key", [x](Members &jwk) { jwk.set("x", x); });
    fails("jwk-differs", "jwk-other-y", "p-256", "y is another key", [y](Members &jwk) { jwk.set("y", y); });
    fails("jwk-differs", "jwk-other-point", "p-256", "x and y are another key", [x, y](Members &jwk) {
        jwk.set("x", x);
        jwk.set("y", y);
    });
    fails("jwk-differs", "jwk-other-curve", "p-256", "crv is another curve of the same size",
          [](Members &jwk) { jwk.set("crv", "\"P-256K\""); });
    fails("jwk-differs", "jwk-unknown-curve", "p-256", "crv is no curve",
          [](Members &jwk) { jwk.set("crv", "\"P-257\""); });
    for (const char *name : {"n", "e", "kty"})
        fails("jwk-missing-member", std::string("jwk-no-") + name, "rsa-2048", "a member is missing",
              [name](Members &jwk) { jwk.erase(name); });
    for (const char *name : {"crv", "x", "y"})
        fails("jwk-missing-member", std::string("jwk-no-") + name, "p-256", "a member is missing",
              [name](Members &jwk) { jwk.erase(name); });
    for (const char *name : {"n", "e"})
        fails("jwk-bad-encoding", std::string("jwk-encoding-") + name, "rsa-2048", "a member is not base64url",
              [name](Members &jwk) { jwk.at(name).insert(1, "+/+/"); });
    for (const char *name : {"x", "y"})
        fails("jwk-bad-encoding", std::string("jwk-encoding-") + name, "p-384", "a member is not base64url",
              [name](Members &jwk) { jwk.at(name).insert(1, " "); });
    fails("jwk-unexpected-member", "jwk-rsa-with-curve", "rsa-2048", "an RSA key with a curve",
          [](Members &jwk) { jwk.set("crv", "\"P-256\""); });
    fails("jwk-unexpected-member", "jwk-rsa-with-number", "rsa-2048", "an RSA key with an x that is no string",
          [](Members &jwk) { jwk.set("x", "1"); });
    fails("jwk-unexpected-member", "jwk-ec-with-n", "p-256", "an elliptic curve key with a modulus",
          [](Members &jwk) { jwk.set("n", other_modulus()); });
    fails("jwk-unexpected-member", "jwk-aes-with-object", "aes-256", "a symmetric key with an e that is no string",
          [](Members &jwk) { jwk.set("e", "{}"); });
    fails("jwk-unexpected-member", "jwk-aes-with-k", "aes-256", "a symmetric key with its value",
          [](Members &jwk) { jwk.set("k", quoted(base64url(filled(32, 7)))); });
    fails("jwk-unexpected-member", "jwk-aes-with-n", "aes-256", "a symmetric key with a modulus",
          [](Members &jwk) { jwk.set("n", other_modulus()); });
}

void add_kids(Table &table) {
    const auto malformed = [&table](const char *name, const char *description,
                                    std::function<std::string(const Scene &)> kid) {
        table
            .fails("bind.kid", "kid-malformed", name, description,
                   [kid = std::move(kid)](Scene &scene) {
                       const std::string text = quoted(kid(scene));
                       scene.edit_answer = [text](Answer &answer) { answer.key.set("kid", text); };
                   })
            .failing_too({"bind.pool"});
    };
    const auto host = [](const Scene &scene) { return "https://" + scene.pool + ".managedhsm.azure.net"; };
    const auto path = [](const Scene &scene) { return "/keys/" + scene.key_name + "/" + scene.key_version; };
    table.fails("bind.kid", "kid-missing", "kid-missing", "key has no kid", key([](Members &jwk) { jwk.erase("kid"); }))
        .failing_too({"bind.pool"});
    malformed("kid-empty", "an empty kid", [](const Scene &) { return ""; });
    malformed("kid-http", "http instead of https",
              [path](const Scene &s) { return "http://" + s.pool + ".managedhsm.azure.net" + path(s); });
    malformed("kid-no-version", "kid without a version",
              [host](const Scene &s) { return host(s) + "/keys/" + s.key_name; });
    malformed("kid-no-host", "kid without a host", [path](const Scene &s) { return "https://" + path(s); });
    malformed("kid-secrets", "a secret's URL",
              [host](const Scene &s) { return host(s) + "/secrets/" + s.key_name + "/" + s.key_version; });
    malformed("kid-longer-path", "a further path segment",
              [host, path](const Scene &s) { return host(s) + path(s) + "/more"; });
    malformed("kid-user-information", "the pool's name as user information of another host",
              [host, path](const Scene &s) { return host(s) + "@evil.example" + path(s); });
    malformed("kid-long-port", "a port of eight digits",
              [host, path](const Scene &s) { return host(s) + ":00000443" + path(s); });
    malformed("kid-two-ports", "two ports", [host, path](const Scene &s) { return host(s) + ":443:443" + path(s); });
    malformed("kid-empty-label", "an empty label in the host",
              [path](const Scene &s) { return "https://" + s.pool + "..managedhsm.azure.net" + path(s); });
    malformed("kid-trailing-slash", "a slash behind the version",
              [host, path](const Scene &s) { return host(s) + path(s) + "/"; });
    malformed("kid-percent", "the name percent-encoded",
              [host](const Scene &s) { return host(s) + "/keys/%66" + s.key_name.substr(1) + "/" + s.key_version; });
    malformed("kid-fragment", "a fragment", [host, path](const Scene &s) { return host(s) + path(s) + "#x"; });
    malformed("kid-double-slash", "an empty path segment",
              [host, path](const Scene &s) { return host(s) + "/" + path(s); });
    malformed("kid-backslash", "a backslash in the host",
              [host, path](const Scene &s) { return host(s) + "\\\\@evil.example" + path(s); });
    malformed("kid-address", "an IPv6 address instead of a host",
              [path](const Scene &s) { return "https://[2001:db8::1]" + path(s); });
    malformed("kid-own-scheme", "the scheme of this provider's own URIs",
              [path](const Scene &s) { return "mhsm://" + s.pool + ".managedhsm.azure.net" + path(s); });
    malformed("kid-space", "a space before the URL", [host, path](const Scene &s) { return " " + host(s) + path(s); });
    malformed("kid-query", "a query string",
              [host, path](const Scene &s) { return host(s) + path(s) + "?api-version=7.6"; });
}

void add_key_ids(Table &table) {
    const auto differs = [&table](const char *name, const char *description, Change change) {
        table.fails("bind.kid", "kid-differs", name, description, std::move(change));
    };
    int number = 1;
    const auto bare_with_id = [](std::string name) {
        return [name = std::move(name)](Scene &scene) {
            scene.shape = Shape::bare;
            scene.edit_objects([name](Object &object) { object.set(cka::id, padded(name, 128)); });
        };
    };
    const auto id = [](std::function<std::string(const std::string &)> edit) {
        return objects([edit = std::move(edit)](Object &object) {
            const std::string old = to_text(object.value(cka::id));
            object.set(cka::id, padded(edit(old.substr(0, old.find('\0'))), 128));
        });
    };
    differs("kid-other-name", "the HSM signed another name",
            id([](const std::string &) { return "/keys/another/00112233445566778899aabbccddeeff"; }));
    differs("kid-other-version", "the HSM signed another version", id([](const std::string &old) {
                return old.substr(0, old.size() - 4) + (old.ends_with("0000") ? "1111" : "0000");
            }));
    differs("kid-shorter-version", "the HSM signed a prefix of the version",
            id([](const std::string &old) { return old.substr(0, old.size() - 1); }));
    differs("kid-no-name", "the HSM signed an empty name", id([](const std::string &) { return ""; }));
    differs("kid-escape-sequence", "the signed name carries terminal escape sequences",
            id([](const std::string &old) { return old + "\x1b[2K\x1b[1A\x1b[32mVERIFIED"; }));
    differs("kid-path-before-keys", "a path before /keys/", id([](const std::string &old) { return "/evil" + old; }));
    differs("kid-upper-case", "the signed name differs in case only", id([](const std::string &old) {
                std::string text = old;
                text.at(6) = 'F';  // "/keys/forge-..."
                return text;
            }));
    table.fails("bind.kid", "key-id-malformed", "key-id-bytes-after-nul", "bytes after the NUL of CKA_ID",
                objects([](Object &object) { object.value(cka::id).back() = 'x'; }));
    table.fails("bind.kid", "key-id-malformed", "key-id-hidden-second-name", "a second name after the NUL of CKA_ID",
                objects([](Object &object) {
                    const Bytes hidden = to_bytes("/keys/x/y");
                    std::copy(hidden.begin(), hidden.end(), object.value(cka::id).end() - 20);
                }));
    table
        .fails("bind.kid", "key-id-malformed", "key-id-absent-aes", "a symmetric key without CKA_ID",
               objects([](Object &object) { object.erase(cka::id); }))
        .on("aes-256");
    for (const char *name :
         {"/keys/a b\" in pool \"x/1", "/secrets/a/1", "/keys/a", "/keys/a/1/2", "evil/keys/a/1", ""})
        table.fails("bind.kid", "key-id-malformed", "key-id-bare-" + std::to_string(number++),
                    "a bare attestation of a key whose name is none", bare_with_id(name));
    table.verifies("key-id-unpadded", "CKA_ID without NULs", objects([](Object &object) {
                       auto &value = object.value(cka::id);
                       value.resize(to_text(value).find('\0'));
                   }));
}

void add_pools(Table &table) {
    const auto host = [](std::function<std::string(const std::string &)> name) {
        return [name = std::move(name)](Scene &scene) {
            const std::string pool = scene.pool;
            scene.edit_answer = [name, pool](Answer &answer) {
                replace_once(answer.key.at("kid"), pool + ".", name(pool) + ".");
            };
        };
    };
    const auto fails = [&table](const char *name, const char *description, Change change) {
        table.fails("bind.pool", "pool-differs", name, description, std::move(change));
    };
    fails("pool-other", "kid names another pool", host([](const std::string &) { return "another-pool"; }));
    fails("pool-longer", "kid names a pool whose name begins like this one",
          host([](const std::string &pool) { return pool + "x"; }));
    fails("pool-shorter", "kid names a pool with which this one begins",
          host([](const std::string &pool) { return pool.substr(0, pool.size() - 1); }));
    fails("pool-second-label", "the pool's name is only the second label of the host",
          host([](const std::string &pool) { return "evil." + pool; }));
    fails("pool-foreign-any", "somebody else's pool, accepted by trust in any owner, cannot speak for this one",
          [](Scene &scene) {
              const std::string victim = scene.kid();
              scene.pool = "evil-pool";
              scene.pki.pool_root = self_signed_pool_root("evil-pool", "evil-pool-root");
              scene.pki.owner_partition.issuer = scene.pki.pool_root.subject;
              scene.pki.owner_partition.signer = "evil-pool-root";
              scene.pki.owner_partition.extensions = {basic_constraints(false)};
              scene.pin_owner = false;
              scene.options.owner_trust = "any";
              scene.edit_answer = [victim](Answer &answer) { answer.key.set("kid", quoted(victim)); };
          });
    fails("pool-bare-strange-name", "a bare attestation with a pool root whose name is that of no pool",
          [](Scene &scene) {
              const std::string strange = "x\" VERIFIED";
              scene.shape = Shape::bare;
              scene.pki.pool_root = self_signed_pool_root(strange, "pool-root");
              scene.pki.owner_partition.issuer = scene.pki.pool_root.subject;
          });
    table.verifies("pool-upper-case", "the host of kid in upper case", host([](const std::string &pool) {
                       std::string upper = pool;
                       for (char &c : upper)
                           if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
                       return upper;
                   }));
}

void add_requests(Table &table) {
    const auto request = [](std::function<std::string(const Scene &)> made) {
        return [made = std::move(made)](Scene &scene) { scene.options.request = made(scene); };
    };
    const auto host = [](const Scene &scene) { return "https://" + scene.pool + ".managedhsm.azure.net"; };
    const auto fails = [&table](const char *name, const char *description, Change change) {
        table.fails("bind.request", "request-differs", name, description, std::move(change));
    };
    fails("request-other-name", "another key was asked for",
          request([host](const Scene &s) { return host(s) + "/keys/another/" + s.key_version; }));
    fails("request-other-version", "another version was asked for", request([host](const Scene &s) {
              return host(s) + "/keys/" + s.key_name + "/00112233445566778899aabbccddeeff";
          }));
    fails("request-other-pool", "another pool was asked", request([](const Scene &s) {
              return "https://another-pool.managedhsm.azure.net/keys/" + s.key_name + "/" + s.key_version;
          }));
    fails("request-other-cloud", "the pool of the same name in another cloud was asked", request([](const Scene &s) {
              return "https://" + s.pool + ".managedhsm.azure.cn/keys/" + s.key_name + "/" + s.key_version;
          }));
    table.verifies("request-exact", "the answer is about what was asked for",
                   request([](const Scene &s) { return s.kid(); }));
    table.verifies("request-without-version", "no version was asked for",
                   request([host](const Scene &s) { return host(s) + "/keys/" + s.key_name; }));
    table.verifies("request-none", "nothing was asked for", {}).skipping("bind.request", "not-asked");
}

}  // namespace

void add_binding_cases(Table &table) {
    add_pair_attributes(table);
    add_pair_keys(table);
    table.verifies("pair-symmetric", "a symmetric key has no pair", {})
        .on("aes-256")
        .skipping("bind.pair", "symmetric-key");
    table.verifies("public-blob-symmetric", "a symmetric key has no public blob", {})
        .on("aes-128", Layout::firmware3)
        .skipping("blob.public", "symmetric-key");
    add_jwk_values(table);
    add_kids(table);
    add_key_ids(table);
    add_pools(table);
    add_requests(table);
    add_given_cases(table);
}

}  // namespace forge
