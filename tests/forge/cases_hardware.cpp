// hw.chain, hw.time and partition.key: the chain from the Marvell root to the partition.
#include "attack.h"
#include "table.h"

namespace forge {
namespace {

using Edit = void (*)(Pki &);

Change pki(Edit edit) {
    return [edit](Scene &scene) { edit(scene.pki); };
}

class HardwareCases {
public:
    explicit HardwareCases(Table &table) : table_(table) {}
    Recipe &chain(const char *reason, const char *name, const char *description, Change change) {
        return table_.fails("hw.chain", reason, name, description, std::move(change));
    }
    Recipe &chain(const char *reason, const char *name, const char *description, Edit edit) {
        return chain(reason, name, description, pki(edit));
    }
    Recipe &time(const char *reason, const char *name, const char *description, Change change) {
        return table_.fails("hw.time", reason, name, description, std::move(change));
    }

private:
    Table &table_;
};

void add_absent(HardwareCases cases) {
    cases.chain("no-adapter", "hw-other-root", "the adapter comes from a root that is not trusted", [](Pki &made) {
        made.adapter.signer = "other-root";
        rename_common_name(made.adapter.issuer, "TEST-ONLY.some.other.root");
    });
    cases.chain("no-adapter", "hw-no-adapter", "the bundle holds no adapter", [](Scene &scene) {
        scene.order = {1, 2, 3};
    });
    cases.chain("no-adapter", "hw-untrusted-root-in-bundle", "the bundle brings its own hardware root",
                [](Scene &scene) {
                    const Certificate evil = self_signed_root("TEST-ONLY.evil.hardware.root", "other-root");
                    scene.pki.adapter.issuer = evil.subject;
                    scene.pki.adapter.signer = "other-root";
                    scene.more = {evil};
                });
    cases.chain("no-partition", "hw-no-partition", "the bundle holds no Marvell-issued partition", [](Scene &scene) {
        scene.order = {0, 2, 3};
    });
    cases.chain(
        "no-partition", "hw-partition-of-another-adapter", "the partition names an adapter that is not there",
        [](Pki &made) { rename_common_name(made.partition.issuer, "HSM:5.3G0000-TESTELSE, for non-FIPS mode"); });
}

void add_signatures(HardwareCases cases) {
    cases.chain("bad-signature", "hw-adapter-altered", "the adapter's signature is broken",
                [](Pki &made) { made.adapter.corrupt_signature = true; });
    cases.chain("bad-signature", "hw-partition-altered", "the partition's signature is broken",
                [](Pki &made) { made.partition.corrupt_signature = true; });
    cases.chain("bad-signature", "hw-root-same-name",
                "a root of the trusted name but with another key issued the adapter",
                [](Pki &made) { made.adapter.signer = "other-root"; });
    cases.chain("bad-signature", "hw-adapter-same-name",
                "an adapter key that the root never vouched for issued the partition",
                [](Pki &made) { made.partition.signer = "adapter-2"; });
    cases.chain("weak-digest", "hw-adapter-sha1", "the adapter is signed with SHA-1",
                [](Pki &made) { made.adapter.digest = "SHA1"; });
    cases.chain("weak-digest", "hw-partition-sha1", "the partition is signed with SHA-1",
                [](Pki &made) { made.partition.digest = "SHA1"; });
    cases.chain("weak-digest", "hw-partition-md5", "the partition is signed with MD5",
                [](Pki &made) { made.partition.digest = "MD5"; });
    cases.chain("weak-digest", "hw-partition-sha224", "the partition is signed with SHA-224",
                [](Pki &made) { made.partition.digest = "SHA224"; });
    cases.chain("weak-digest", "hw-partition-pss-sha1", "the partition is signed with RSASSA-PSS and SHA-1",
                [](Pki &made) {
                    made.partition.pss = true;
                    made.partition.digest = "SHA1";
                });
    cases.chain("weak-issuer-key", "hw-adapter-rsa1024", "the adapter's key has 1024 bits",
                [](Pki &made) { made.adapter.key = made.partition.signer = "rsa-1024"; });
    cases.chain("weak-issuer-key", "hw-root-rsa1024", "the trusted root's key has 1024 bits",
                [](Pki &made) { made.root.key = made.root.signer = made.adapter.signer = "rsa-1024"; });
    cases.chain("weak-issuer-key", "hw-adapter-long-exponent", "the adapter's public exponent has 66 bits",
                [](Pki &made) { made.adapter.key = made.partition.signer = "rsa-2048-e66"; });
}

void add_shape(HardwareCases cases) {
    cases.chain("wrong-depth", "hw-key-of-adapter", "pool and blobs use the adapter's own key", [](Scene &scene) {
        scene.pki.owner_partition.key = scene.private_blob.signer = scene.public_blob.signer = "adapter";
    });
    cases.chain("wrong-depth", "hw-key-directly-below-root", "pool and blobs use a key directly below the root",
                [](Scene &scene) {
                    Certificate direct = scene.pki.partition;
                    direct.issuer = scene.pki.root.subject;
                    direct.signer = "root";
                    direct.key = "partition-2";
                    scene.pki.owner_partition.key = scene.private_blob.signer = scene.public_blob.signer =
                        "partition-2";
                    scene.more = {direct};
                });
    cases.chain("wrong-depth", "hw-key-below-partition", "pool and blobs use a key that a partition vouched for",
                [](Scene &scene) {
                    Certificate below = scene.pki.partition;
                    below.issuer = scene.pki.partition.subject;
                    rename_common_name(below.subject, "HSM:00112233445566778899AABBCCDDEE:PARTN:9, for non-FIPS mode");
                    below.signer = "partition";
                    below.key = "partition-2";
                    scene.pki.owner_partition.subject = below.subject;
                    scene.pki.owner_partition.key = scene.private_blob.signer = scene.public_blob.signer =
                        "partition-2";
                    scene.more = {below};
                });
    cases.chain("not-a-ca", "hw-adapter-version3-plain", "the adapter is v3 without extensions",
                [](Pki &made) { made.adapter.version = 3; });
    cases.chain("not-a-ca", "hw-adapter-not-ca", "the adapter says CA:FALSE", [](Pki &made) {
        made.adapter.version = 3;
        made.adapter.extensions = {basic_constraints(false)};
    });
    cases.chain("not-a-ca", "hw-adapter-without-cert-sign", "the adapter may not sign certificates", [](Pki &made) {
        made.adapter.version = 3;
        made.adapter.extensions = {basic_constraints(true), key_usage_without_cert_sign()};
    });
    cases.chain("critical-extension", "hw-adapter-critical-extension", "the adapter has an unknown critical extension",
                [](Pki &made) {
                    made.adapter.version = 3;
                    made.adapter.extensions = {basic_constraints(true), key_usage_ca(), unknown_critical()};
                });
    cases.chain("critical-extension", "hw-partition-critical-extension",
                "the partition has an unknown critical extension",
                [](Pki &made) { made.partition.extensions = {unknown_critical()}; });
}

void add_times(HardwareCases cases) {
    struct Who {
        const char *name;
        Certificate Pki::*certificate;
    };
    for (const Who who : {Who{"root", &Pki::root}, Who{"adapter", &Pki::adapter}, Who{"partition", &Pki::partition}}) {
        const std::string name = who.name;
        cases.time("certificate-expired", ("hw-" + name + "-expired").c_str(), "expired a second before",
                   [who](Scene &scene) { (scene.pki.*who.certificate).not_after = verification_time - 1; });
        cases.time("certificate-not-yet-valid", ("hw-" + name + "-not-yet-valid").c_str(), "valid a second later",
                   [who](Scene &scene) { (scene.pki.*who.certificate).not_before = verification_time + 1; });
    }
    cases
        .time("certificate-not-yet-valid", "time-before-all", "verified for a time before the certificates were made",
              [](Scene &scene) { scene.options.time = chains_begin - 1; })
        .failing_too({"owner.time"});
    cases
        .time("certificate-expired", "time-after-all", "verified for a time after all certificates expired",
              [](Scene &scene) { scene.options.time = chains_begin + 40 * 365 * one_day; })
        .failing_too({"owner.time"});
    cases.time("certificate-expired", "time-after-hardware",
               "verified when only the pool's certificates are still valid",
               [](Scene &scene) { scene.options.time = chains_begin + 22 * 365 * one_day; });
}

void add_accepted_times(Table &table) {
    table.verifies("time-first-second", "the first second of validity", [](Scene &scene) {
        scene.pki.partition.not_before = scene.pki.owner_partition.not_before = verification_time;
    });
    table.verifies("time-last-second", "the last second of validity (RFC 5280: inclusive)", [](Scene &scene) {
        scene.pki.partition.not_after = scene.pki.owner_partition.not_after = verification_time;
    });
    for (const char *check : {"hw.time", "owner.time"})
        table
            .verifies("time-not-checked-" + std::string(check, 2), "expired, but dates are not to be checked",
                      [](Scene &scene) {
                          scene.pki.partition.not_after = scene.pki.owner_partition.not_after = verification_time - 1;
                          scene.options.time.reset();
                      })
            .skipping(check, "time-not-checked");
    table.verifies("hw-second-adapter-valid", "an expired adapter of the same name and key beside the valid one",
                   [](Scene &scene) {
                       Certificate expired = scene.pki.adapter;
                       expired.serial = 7;
                       expired.not_after = verification_time - 1;
                       scene.more = {expired};
                   });
}

void add_partition_keys(Table &table) {
    const auto fails = [&table](const char *reason, const char *name, const char *description,
                                Change change) -> Recipe & {
        return table.fails("partition.key", reason, name, description, std::move(change));
    };
    fails("partition-key-differs", "partition-keys-differ", "the pool vouches for another partition key",
          [](Scene &scene) { scene.pki.owner_partition.key = "partition-2"; });
    fails("partition-key-weak", "partition-key-e3", "a partition key with exponent 3",
          [](Scene &scene) { scene.set_partition_key("rsa-2048-e3"); });
    fails("partition-key-weak", "partition-key-long-exponent", "a partition key with an exponent of 66 bits",
          [](Scene &scene) { scene.set_partition_key("rsa-2048-e66"); });
    fails("partition-key-weak", "partition-key-rsa1024", "a partition key of 1024 bits",
          [](Scene &scene) { scene.set_partition_key("rsa-1024"); });
    fails("partition-key-weak", "partition-key-ec", "an elliptic curve partition key", [](Scene &scene) {
        scene.pki.partition.key = scene.pki.owner_partition.key = "p-256";
    }).failing_too({"blob.private", "blob.public"});
    for (const auto layout : {Layout::firmware2, Layout::firmware3})
        fails("partition-key-weak",
              layout == Layout::firmware2 ? "partition-key-e3-forged" : "partition-key-e3-forged-fw3",
              "signatures forged without the private key: numbers whose cube ends in the hash",
              [](Scene &scene) {
                  scene.set_partition_key("rsa-2048-e3");
                  forge_with_cube_root(scene, scene.private_blob, scene.private_object);
                  forge_with_cube_root(scene, scene.public_blob, *scene.public_object);
              })
            .on(layout);
}

}  // namespace

void add_hardware_cases(Table &table) {
    const HardwareCases cases(table);
    add_absent(cases);
    add_signatures(cases);
    add_shape(cases);
    add_times(cases);
    add_accepted_times(table);
    add_partition_keys(table);
}

}  // namespace forge
