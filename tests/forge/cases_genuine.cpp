// Evidence that must verify: every kind of key in every layout, and everything that must not matter.
#include <algorithm>

#include "table.h"

namespace forge {
namespace {

std::string layout_suffix(Layout layout) { return layout == Layout::firmware2 ? "-fw2" : "-fw3"; }

void add_kinds(Table &table) {
    for (const auto &kind : key_kinds()) {
        const std::string name(kind.name);
        for (const auto layout : {Layout::firmware2, Layout::firmware3})
            table.verifies("genuine-" + name + layout_suffix(layout), "unaltered evidence of a " + name + " key", {})
                .on(kind.name, layout);
        if (kind.family == Family::aes) continue;
        table
            .verifies("genuine-" + name + "-fw3-both-objects", "each 3.x blob holds both objects of the key",
                      [](Scene &scene) { scene.both_objects = true; })
            .on(kind.name, Layout::firmware3);
    }
}

void add_orders(Table &table) {
    std::vector<std::size_t> order{0, 1, 2, 3};
    do {
        std::string name = "certificate-order-";
        for (const auto index : order) name += std::to_string(index);
        table.verifies(name, "the order of the certificates carries no meaning",
                       [order](Scene &scene) { scene.order = order; });
    } while (std::next_permutation(order.begin(), order.end()));
}

Certificate second_adapter(const Scene &scene) {
    Certificate adapter = scene.pki.adapter;
    adapter.key = "adapter-2";
    adapter.serial = 2;
    return adapter;
}

void add_extra_certificates(Table &table) {
    table.verifies("extra-self-signed", "an unrelated self-signed certificate is in the bundle",
                   [](Scene &scene) { scene.more = {self_signed_root("unrelated", "other-root")}; });
    table.verifies("extra-self-signed-first", "an unrelated self-signed certificate comes first", [](Scene &scene) {
        scene.edit_bundle = [](std::string &bundle) {
            bundle = pem("CERTIFICATE", issue(self_signed_root("unrelated", "other-root"))) + bundle;
        };
    });
    table.verifies("extra-hsm-root", "the hardware root itself is in the bundle",
                   [](Scene &scene) { scene.more = {scene.pki.root}; });
    table.verifies("extra-adapter-same-name", "a second genuine adapter of the same name with another key follows",
                   [](Scene &scene) { scene.more = {second_adapter(scene)}; });
    table.verifies("extra-adapter-same-name-first", "a second genuine adapter of the same name comes first",
                   [](Scene &scene) {
                       const std::string other = pem("CERTIFICATE", issue(second_adapter(scene)));
                       scene.edit_bundle = [other](std::string &bundle) { bundle = other + bundle; };
                   });
    table.verifies("extra-hsm", "the genuine chain of another partition is in the bundle too", [](Scene &scene) {
        Pki other = make_pki(scene.seed + 1);
        other.adapter.key = other.partition.signer = "adapter-2";
        other.partition.key = "partition-2";
        scene.more = {other.adapter, other.partition};
    });
    table.verifies("extra-pool-root-without-partition", "a second pool root that issued nothing is ignored",
                   [](Scene &scene) { scene.more = {self_signed_pool_root(scene.pool, "evil-pool-root")}; });
    table.verifies("certificates-doubled", "every certificate is there twice",
                   [](Scene &scene) { scene.edit_bundle = [](std::string &bundle) { bundle += bundle; }; });
    table.verifies("certificates-sixteen", "as many certificates as allowed", [](Scene &scene) {
        for (int i = 0; i < 12; ++i)
            scene.more.push_back(self_signed_root("unrelated " + std::to_string(i), "other-root"));
    });
    table.verifies("certificates-crlf", "the bundle has CRLF line ends", [](Scene &scene) {
        scene.edit_bundle = [](std::string &bundle) {
            for (std::size_t at = 0; (at = bundle.find('\n', at)) != std::string::npos; at += 2)
                bundle.insert(at, "\r");
        };
    });
}

void add_chain_variants(Table &table) {
    table.verifies("hsm-root-version1", "the trusted hardware root is X.509 v1", [](Scene &scene) {
        scene.pki.root.version = 1;
        scene.pki.root.extensions.clear();
    });
    table.verifies("adapter-version3-ca", "the adapter is v3 and a CA, as a newer firmware may have it",
                   [](Scene &scene) {
                       scene.pki.adapter.version = 3;
                       scene.pki.adapter.extensions = {basic_constraints(true), key_usage_ca()};
                   });
    table.verifies("chains-sha384", "certificates signed with SHA-384",
                   [](Scene &scene) { scene.pki.partition.digest = scene.pki.owner_partition.digest = "SHA384"; });
    table.verifies("adapter-fips-mode", "the adapter's name says FIPS mode", [](Scene &scene) {
        set_adapter_name(scene.pki, "HSM:5.3G0000-TEST0001, for FIPS mode");
        scene.options.require = "fips";
    });
}

void add_layout_variants(Table &table) {
    table.verifies("fw2-no-slack", "2.x sizes count no byte beyond the attributes",
                   [](Scene &scene) { scene.private_blob.slack = scene.public_blob.slack = 0; });
    table.verifies("fw2-no-padding", "2.x without padding",
                   [](Scene &scene) { scene.private_blob.padding = scene.public_blob.padding = 0; });
    table.verifies("fw2-bare-minimum", "2.x with neither slack nor padding", [](Scene &scene) {
        scene.private_blob.slack = scene.public_blob.slack = 0;
        scene.private_blob.padding = scene.public_blob.padding = 0;
    });
    table.verifies("fw2-odd-padding", "2.x with padding of odd length",
                   [](Scene &scene) { scene.private_blob.padding = 1; });
    table.verifies("partition-key-rsa4096", "a partition key of 4096 bits, so that signatures are longer",
                   [](Scene &scene) { scene.set_partition_key("rsa-4096"); });
    table
        .verifies("partition-key-rsa4096-fw3", "the same in 3.x",
                  [](Scene &scene) { scene.set_partition_key("rsa-4096"); })
        .on(Layout::firmware3);
    table
        .verifies("fw3-private-first", "each 3.x blob holds both objects, the private one first",
                  [](Scene &scene) {
                      scene.private_blob.objects =
                          scene.public_blob.objects = {scene.private_object, scene.public_object.value()};
                  })
        .on("p-256", Layout::firmware3);
    table
        .verifies("fw3-one-and-both", "only the private attestation holds both objects",
                  [](Scene &scene) {
                      scene.private_blob.objects = {scene.public_object.value(), scene.private_object};
                  })
        .on("p-256", Layout::firmware3);
}

}  // namespace

void add_genuine_cases(Table &table) {
    add_kinds(table);
    add_orders(table);
    add_extra_certificates(table);
    add_chain_variants(table);
    add_layout_variants(table);
}

}  // namespace forge
