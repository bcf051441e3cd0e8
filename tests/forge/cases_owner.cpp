// owner.chain, owner.time and owner.authenticated: the pool root and what makes it trustworthy.
#include "table.h"

namespace forge {
namespace {

using Edit = void (*)(Pki &);

Change pki(Edit edit) {
    return [edit](Scene &scene) { edit(scene.pki); };
}

std::string pool_root_sha256(const Scene &scene) { return hex(sha256(issue(scene.pki.pool_root))); }

// The genuine HSM of somebody else, dressed up with a pool root of his own that bears the name of the pool.
void dress_up_foreign_hsm(Scene &scene) {
    scene.options.owner_pins = {pool_root_sha256(scene)};
    set_adapter_name(scene.pki, "HSM:5.3G0000-TESTELSE, for FIPS mode");
    scene.pki.adapter.key = scene.pki.partition.signer = "adapter-2";
    scene.set_partition_key("partition-2");
    scene.pki.pool_root = self_signed_pool_root(scene.pool, "evil-pool-root");
    scene.pki.owner_partition.signer = "evil-pool-root";
    scene.pki.owner_partition.extensions = {basic_constraints(false), subject_key_id("partition-2"),
                                            authority_key_id("evil-pool-root")};
}

// A second self-signed Microsoft root that vouches for the same partition key.
void add_second_pool(Scene &scene, const std::string &name) {
    const Certificate root = self_signed_pool_root(name, "evil-pool-root");
    Certificate partition = scene.pki.owner_partition;
    partition.issuer = root.subject;
    partition.signer = "evil-pool-root";
    partition.extensions = {basic_constraints(false), subject_key_id("partition"), authority_key_id("evil-pool-root")};
    scene.more = {root, partition};
}

void add_chain_absences(Table &table) {
    const auto fails = [&table](const char *reason, const char *name, const char *description, Change change) {
        table.fails("owner.chain", reason, name, description, std::move(change));
    };
    fails("no-pool-root", "owner-no-root", "the bundle holds no pool root", [](Scene &scene) {
        scene.order = {0, 1, 3};
    });
    fails("no-pool-root", "owner-hardware-only", "the bundle holds the hardware chain only", [](Scene &scene) {
        scene.order = {0, 1};
    });
    fails("no-pool-root", "owner-other-organisation", "the pool root is not Microsoft Corporation's",
          pki([](Pki &made) {
              made.pool_root.subject.at(3).at(0).value = "Contoso Corporation";
              made.pool_root.issuer = made.owner_partition.issuer = made.pool_root.subject;
          }));
    fails("no-pool-root", "owner-organisation-longer", "an organisation that only begins like the right one",
          pki([](Pki &made) {
              made.pool_root.subject.at(3).at(0).value = "Microsoft Corporation Ltd";
              made.pool_root.issuer = made.owner_partition.issuer = made.pool_root.subject;
          }));
    fails("no-pool-root", "owner-root-not-self-signed", "the pool root was issued by something else",
          pki([](Pki &made) {
              rename_common_name(made.pool_root.issuer, "something else");
              made.pool_root.signer = "evil-pool-root";
          }));
    fails("no-owner-partition", "owner-no-partition", "the pool root issued nothing in the bundle", [](Scene &scene) {
        scene.order = {0, 1, 2};
    });
    fails("no-owner-partition", "owner-partition-of-another-pool", "the partition certificate names another pool",
          pki([](Pki &made) { rename_common_name(made.owner_partition.issuer, "another-pool"); }));
    fails("ambiguous-pool-root", "owner-two-roots", "two pool roots of different names vouch for the partition",
          [](Scene &scene) { add_second_pool(scene, "another-pool"); });
    fails("ambiguous-pool-root", "owner-two-roots-same-name", "two pool roots of the same name vouch for the partition",
          [](Scene &scene) { add_second_pool(scene, scene.pool); });
}

void add_chain_faults(Table &table) {
    const auto fails = [&table](const char *reason, const char *name, const char *description, Edit edit) {
        table.fails("owner.chain", reason, name, description, pki(edit));
    };
    fails("bad-signature", "owner-root-altered", "the pool root's own signature is broken",
          [](Pki &made) { made.pool_root.corrupt_signature = true; });
    fails("bad-signature", "owner-partition-altered", "the partition certificate's signature is broken",
          [](Pki &made) { made.owner_partition.corrupt_signature = true; });
    fails("bad-signature", "owner-partition-other-signer",
          "another key than the pool root's signed the partition certificate",
          [](Pki &made) { made.owner_partition.signer = "evil-pool-root"; });
    fails("weak-digest", "owner-partition-sha1", "the partition certificate is signed with SHA-1",
          [](Pki &made) { made.owner_partition.digest = "SHA1"; });
    fails("weak-issuer-key", "owner-root-rsa1024", "the pool root's key has 1024 bits", [](Pki &made) {
        made.pool_root.key = made.pool_root.signer = made.owner_partition.signer = "rsa-1024";
        made.pool_root.extensions = {basic_constraints(true), key_usage_ca()};
        made.owner_partition.extensions = {basic_constraints(false)};
    });
    fails("not-a-ca", "owner-root-not-ca", "the pool root says CA:FALSE",
          [](Pki &made) { made.pool_root.extensions.at(0) = basic_constraints(false); });
    fails("not-a-ca", "owner-root-plain", "the pool root has no extensions",
          [](Pki &made) { made.pool_root.extensions.clear(); });
    fails("not-a-ca", "owner-root-version1", "the pool root is X.509 v1: the exception is the adapter's alone",
          [](Pki &made) {
              made.pool_root.version = 1;
              made.pool_root.extensions.clear();
          });
    fails("not-a-ca", "owner-root-without-cert-sign", "the pool root may not sign certificates",
          [](Pki &made) { made.pool_root.extensions.at(1) = key_usage_without_cert_sign(); });
    fails("not-a-ca", "owner-root-name-constraints", "the pool root may not certify names of this country",
          [](Pki &made) { made.pool_root.extensions.push_back(name_constraints_excluding_country("US")); });
    fails("leaf-is-ca", "owner-partition-is-ca", "the partition certificate is a CA",
          [](Pki &made) { made.owner_partition.extensions.at(0) = basic_constraints(true); });
    fails("critical-extension", "owner-root-critical-extension", "the pool root has an unknown critical extension",
          [](Pki &made) { made.pool_root.extensions.push_back(unknown_critical()); });
    fails("critical-extension", "owner-partition-critical-extension",
          "the partition certificate has an unknown critical extension",
          [](Pki &made) { made.owner_partition.extensions.push_back(unknown_critical()); });
}

void add_times(Table &table) {
    struct Who {
        const char *name;
        Certificate Pki::*certificate;
    };
    for (const Who who : {Who{"root", &Pki::pool_root}, Who{"partition", &Pki::owner_partition}}) {
        const std::string name = std::string("owner-") + who.name;
        table.fails("owner.time", "certificate-expired", name + "-expired", "expired a second before",
                    [who](Scene &scene) { (scene.pki.*who.certificate).not_after = verification_time - 1; });
        table.fails("owner.time", "certificate-not-yet-valid", name + "-not-yet-valid", "valid a second later",
                    [who](Scene &scene) { (scene.pki.*who.certificate).not_before = verification_time + 1; });
    }
}

void add_authentication(Table &table) {
    const auto fails = [&table](const char *reason, const char *name, const char *description, Change change) {
        table.fails("owner.authenticated", reason, name, description, std::move(change));
    };
    fails("owner-unauthenticated", "owner-nothing-known", "nothing is known about the pool root",
          [](Scene &scene) { scene.pin_owner = false; });
    fails("owner-unauthenticated", "owner-tls-of-another-pool", "fetched from another pool", [](Scene &scene) {
        scene.pin_owner = false;
        scene.options.tls_pool = "another-pool";
    });
    fails("owner-unauthenticated", "owner-known-other-pool", "only another pool is known", [](Scene &scene) {
        scene.pin_owner = false;
        scene.options.known_pools = {{"another-pool", std::string(64, '0')}};
    });
    fails("owner-not-pinned", "owner-other-pin", "another root is pinned",
          [](Scene &scene) { scene.options.owner_pins = {std::string(64, 'a')}; });
    fails("owner-not-pinned", "owner-tls-but-pinned-demanded", "TLS is not enough where pins are demanded",
          [](Scene &scene) {
              scene.pin_owner = false;
              scene.options.tls_pool = scene.pool;
              scene.options.owner_trust = "pinned";
          });
    fails("owner-pool-changed", "owner-pool-changed", "the pool is known with another root", [](Scene &scene) {
        scene.pin_owner = false;
        scene.options.known_pools = {{scene.pool, std::string(64, 'b')}};
    });
    fails("owner-pool-changed", "owner-pool-changed-tls", "the pool is known with another root, even though TLS agrees",
          [](Scene &scene) {
              scene.pin_owner = false;
              scene.options.tls_pool = scene.pool;
              scene.options.known_pools = {{scene.pool, std::string(64, 'b')}};
          });
    fails("owner-pool-changed", "owner-pool-changed-any",
          "the pool is known with another root: not even `any` accepts it", [](Scene &scene) {
              scene.pin_owner = false;
              scene.options.owner_trust = "any";
              scene.options.known_pools = {{scene.pool, std::string(64, 'b')}};
          });
    fails("owner-not-pinned", "foreign-hsm-pinned",
          "somebody else's genuine HSM with a self-made root of the pool's name", dress_up_foreign_hsm);
    fails("owner-unauthenticated", "foreign-hsm", "likewise, and nothing is known about the pool", [](Scene &scene) {
        dress_up_foreign_hsm(scene);
        scene.options.owner_pins.clear();
        scene.pin_owner = false;
    });
    fails("owner-pool-changed", "foreign-hsm-known-pool", "likewise, and the pool is known", [](Scene &scene) {
        dress_up_foreign_hsm(scene);
        scene.options.known_pools = {{scene.pool, scene.options.owner_pins.at(0)}};
        scene.options.owner_pins.clear();
        scene.pin_owner = false;
    });
}

void add_authenticated(Table &table) {
    table.verifies("owner-tls", "fetched from the pool over TLS", [](Scene &scene) {
        scene.pin_owner = false;
        scene.options.tls_pool = scene.pool;
    });
    table.verifies("owner-known-pool", "the pool is known with this root", [](Scene &scene) {
        scene.pin_owner = false;
        scene.options.known_pools = {{scene.pool, pool_root_sha256(scene)}};
    });
    table.verifies("owner-known-pool-pinned", "a known pool counts as pinned", [](Scene &scene) {
        scene.pin_owner = false;
        scene.options.owner_trust = "pinned";
        scene.options.known_pools = {{"another-pool", std::string(64, '0')}, {scene.pool, pool_root_sha256(scene)}};
    });
    table.verifies("owner-two-pins", "one of two pins", [](Scene &scene) {
        scene.options.owner_pins = {std::string(64, 'a'), pool_root_sha256(scene)};
    });
    table
        .verifies("owner-any", "accepted without authentication on request",
                  [](Scene &scene) {
                      scene.pin_owner = false;
                      scene.options.owner_trust = "any";
                  })
        .skipping("owner.authenticated", "owner-trust-any");
}

}  // namespace

void add_owner_cases(Table &table) {
    add_chain_absences(table);
    add_chain_faults(table);
    add_times(table);
    add_authentication(table);
    add_authenticated(table);
}

}  // namespace forge
