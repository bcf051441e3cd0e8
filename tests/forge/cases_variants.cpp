// Evidence that must verify although it looks unlike what has been seen: other pools, keys, years and firmware, and
// what the service or the tools of its users may add.
#include <algorithm>

#include "table.h"

namespace forge {
namespace {

Change key(std::function<void(Members &)> edit) {
    return [edit = std::move(edit)](Scene &scene) { scene.edit_answer = [edit](Answer &answer) { edit(answer.key); }; };
}

Change kid(std::function<std::string(const Scene &)> made) {
    return [made = std::move(made)](Scene &scene) {
        const std::string text = quoted(made(scene));
        scene.edit_answer = [text](Answer &answer) { answer.key.set("kid", text); };
    };
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return text;
}

// Both the signed name and kid.
void rename_key(Scene &scene, const std::string &name, const std::string &version) {
    scene.key_name = name;
    scene.key_version = version;
    const std::string id = "/keys/" + name + "/" + version;
    scene.edit_objects(
        [id](Object &object) { object.set(cka::id, padded(id, std::max<std::size_t>(id.size(), 128))); });
}

void add_answers(Table &table) {
    const auto verifies = [&table](const char *name, const char *description, std::function<void(Answer &)> edit,
                                   const char *kind = "rsa-2048") {
        table.verifies(name, description, [edit = std::move(edit)](Scene &scene) { scene.edit_answer = edit; })
            .on(kind);
    };
    verifies("answer-release-policy", "an exportable key's release policy and tags", [](Answer &answer) {
        answer.attributes.set("exportable", "true");
        answer.attributes.set("hsmPlatform", quoted("2"));
        answer.outer.set("release_policy",
                         R"({"contentType":"application/json; charset=utf-8","data":"e30","immutable":false})");
        answer.outer.set("tags", R"({"Owner":"a","owner":"b"})");
    });
    verifies("answer-nulls", "members that are null", [](Answer &answer) {
        for (const char *name : {"crv", "x", "y", "d", "k", "key_hsm", "key_ops"}) answer.key.set(name, "null");
        for (const char *name : {"nbf", "exp", "recoveryLevel", "created"}) answer.attributes.set(name, "null");
        answer.outer.set("tags", "null");
        answer.outer.set("attestation", "null");
    });
    verifies(
        "answer-nulls-aes", "a symmetric key whose public members are null",
        [](Answer &answer) {
            for (const char *name : {"n", "e", "crv", "x", "y", "k"}) answer.key.set(name, "null");
            answer.attestation.set("publicKeyAttestation", "null");
        },
        "aes-256");
    verifies("answer-twice-beside-the-path", "a name twice in an object that is not read",
             [](Answer &answer) { answer.outer.set("tags", R"({"a":"1","a":"2"})"); });
    verifies("answer-strange-claims", "unsigned claims of any type", [](Answer &answer) {
        answer.attributes.set("enabled", "\"yes\"");
        answer.attributes.set("created", "1e400");
        answer.attributes.set("updated", "-1");
        answer.attributes.set("exp", "253402300800");
    });
    table.verifies("answer-no-claims", "attributes hold the attestation alone", [](Scene &scene) {
        scene.edit_answer = [](Answer &answer) {
            for (const char *name : {"created", "enabled", "exportable", "recoverableDays", "recoveryLevel", "updated"})
                answer.attributes.erase(name);
            answer.key.erase("key_ops");
        };
    });
    table.verifies("shape-bare-byte-order-mark", "a bare attestation behind a UTF-8 byte order mark", [](Scene &scene) {
        scene.shape = Shape::bare;
        scene.edit_text = [](std::string &json) { json = "\xef\xbb\xbf" + json; };
    });
}

void add_names(Table &table) {
    const auto path = [](const Scene &scene) { return "/keys/" + scene.key_name + "/" + scene.key_version; };
    table.verifies("kid-port", "the port that https implies", kid([path](const Scene &scene) {
                       return "https://" + scene.pool + ".managedhsm.azure.net:443" + path(scene);
                   }));
    table.verifies("kid-upper-case-scheme", "scheme and host in upper case", kid([path](const Scene &scene) {
                       return "HTTPS://" + upper(scene.pool) + ".MANAGEDHSM.AZURE.NET" + path(scene);
                   }));
    for (const std::string domain : {"managedhsm.azure.cn", "managedhsm.usgovcloudapi.net", "managedhsm.example"})
        table.verifies("kid-" + domain, "a pool of another cloud", kid([path, domain](const Scene &scene) {
                           return "https://" + scene.pool + "." + domain + path(scene);
                       }));
    table.verifies("pool-root-upper-case", "the pool root spells the pool's name in upper case", [](Scene &scene) {
        rename_common_name(scene.pki.pool_root.subject, upper(scene.pool));
        scene.pki.pool_root.issuer = scene.pki.owner_partition.issuer = scene.pki.pool_root.subject;
    });
    table.verifies("key-name-longest", "a key name of 127 characters, longer with its version than the usual field",
                   [](Scene &scene) { rename_key(scene, std::string(127, 'n'), scene.key_version); });
    table.verifies("key-name-shortest", "a key name of one character",
                   [](Scene &scene) { rename_key(scene, "k", "1"); });
    table.verifies("key-version-upper-case", "a key version in upper case",
                   [](Scene &scene) { rename_key(scene, scene.key_name, upper(scene.key_version)); });
}

void add_numbers(Table &table) {
    table.verifies("jwk-leading-zeros-rsa", "n and e with leading zeros", key([](Members &jwk) {
                       Bytes n = rsa_modulus("rsa-2048");
                       n.insert(n.begin(), 0);
                       jwk.set("n", quoted(base64url(n)));
                       jwk.set("e", quoted("AAEAAQ"));
                   }));
    table
        .verifies("jwk-leading-zeros-ec", "x and y with leading zeros", key([](Members &jwk) {
                      const Bytes point = ec_point("p-256");
                      for (const std::size_t coordinate : {0U, 1U}) {
                          Bytes value = filled(2, 0);
                          const auto begin = point.begin() + static_cast<std::ptrdiff_t>(1 + coordinate * 32);
                          value.insert(value.end(), begin, begin + 32);
                          jwk.set(coordinate == 0 ? "x" : "y", quoted(base64url(value)));
                      }
                  }))
        .on("p-256");
    table.verifies("modulus-leading-zero", "the HSM writes the modulus with a leading zero", [](Scene &scene) {
        scene.public_object->value(cka::modulus).insert(scene.public_object->value(cka::modulus).begin(), 0);
    });
    table.verifies("class-and-type-four-bytes", "class and key type as numbers of four bytes", [](Scene &scene) {
        scene.edit_objects([](Object &object) {
            for (const auto type : {cka::object_class, cka::key_type})
                object.set(type, be32(object.value(type).front()));
        });
    });
}

void add_attributes(Table &table) {
    const auto both = [](std::function<void(Object &)> edit) {
        return [edit = std::move(edit)](Scene &scene) { scene.edit_objects(edit); };
    };
    table.verifies("key-imported", "an imported key: LOCAL is false, and no mechanism made it",
                   both([](Object &object) {
                       object.set(cka::local, {0});
                       object.set(cka::key_gen_mechanism, filled(4, 0xff));
                       if (object.value(cka::object_class).front() == 3)
                           for (const auto type : {cka::always_sensitive, cka::never_extractable})
                               object.set(type, {0});
                   }));
    table.verifies("attributes-unknown", "attributes that nobody knows, empty, long and not available",
                   both([](Object &object) {
                       object.attributes.push_back({0x80000abc, Bytes{}});
                       object.attributes.push_back({0x00000999, filled(60000, 0xa5)});
                       object.attributes.push_back({0xfffffffe, std::nullopt});
                   }));
    table.verifies("attributes-reversed", "the attributes in another order",
                   both([](Object &object) { std::reverse(object.attributes.begin(), object.attributes.end()); }));
    for (const auto layout : {Layout::firmware2, Layout::firmware3})
        table
            .verifies(layout == Layout::firmware2 ? "attributes-fewest-fw2" : "attributes-fewest-fw3",
                      "no attribute but those that tell which key it is", both([](Object &object) {
                          std::erase_if(object.attributes, [](const Attribute &attribute) {
                              const auto needed = {cka::object_class, cka::key_type,     cka::id,
                                                   cka::modulus,      cka::modulus_bits, cka::public_exponent,
                                                   cka::check_value};
                              return std::find(needed.begin(), needed.end(), attribute.type) == needed.end();
                          });
                      }))
            .on(layout);
    table
        .verifies("exponent-not-available", "an elliptic curve key marks the exponent not available, in either form",
                  [](Scene &scene) {
                      scene.private_object.attributes.push_back({cka::public_exponent, filled(4, 0xff)});
                      scene.public_object->attributes.push_back({cka::public_exponent, std::nullopt});
                  })
        .on("p-384");
    table
        .verifies("extended-check-value-not-available", "one object marks the extended check value not available",
                  [](Scene &scene) { scene.private_object.set(cka::extended_check_value, filled(4, 0xff)); })
        .on("rsa-2048", Layout::firmware3);
    table.verifies("exponent-private-only", "only the private object states the public exponent",
                   [](Scene &scene) { scene.public_object->erase(cka::public_exponent); });
}

void add_layouts(Table &table) {
    table.verifies("fw2-long-padding", "2.x with 4096 bytes of padding",
                   [](Scene &scene) { scene.private_blob.padding = scene.public_blob.padding = 4096; });
    for (const auto layout : {Layout::firmware2, Layout::firmware3})
        table
            .verifies(layout == Layout::firmware2 ? "partition-key-rsa3072" : "partition-key-rsa3072-fw3",
                      "a partition key of 3072 bits", [](Scene &scene) { scene.set_partition_key("rsa-3072"); })
            .on(layout);
    const auto both_blobs = [](void (*edit)(Bytes &)) {
        return [edit](Scene &scene) { scene.private_blob.edit_data = scene.public_blob.edit_data = edit; };
    };
    table
        .verifies("fw3-no-handles", "3.x without words between the header and the object buffer",
                  both_blobs([](Bytes &data) {
                      data.erase(data.begin() + 16, data.begin() + 24);
                      put_be32(data, 8, get_be32(data, 8) - 8);
                  }))
        .on("p-256", Layout::firmware3);
    table
        .verifies("fw3-padding", "3.x with zeros behind the last object", both_blobs([](Bytes &data) {
                      constexpr std::uint32_t padding = 13;
                      append(data, filled(padding, 0));
                      for (const std::size_t size : {8U, 12U}) put_be32(data, size, get_be32(data, size) + padding);
                  }))
        .on("p-256", Layout::firmware3);
    table
        .verifies("fw3-other-flags", "3.x with other request and object flags", both_blobs([](Bytes &data) {
                      put_be32(data, 4, 1);
                      data.at(firmware3_buffer(1) + 3) = 1;
                  }))
        .on("p-256", Layout::firmware3);
}

void set_string_type(Name &name, const std::string &attribute, StringType type) {
    for (auto &rdn : name)
        for (auto &part : rdn)
            if (part.attribute == attribute) part.type = type;
}

void add_certificates(Table &table) {
    struct Encoding {
        const char *name;
        StringType type;
    };
    for (const Encoding encoding : {Encoding{"printable", StringType::printable},
                                    Encoding{"teletex", StringType::teletex}, Encoding{"bmp", StringType::bmp}})
        table.verifies(std::string("pool-root-name-") + encoding.name,
                       "the pool root's name is encoded otherwise than its issuer's name below it",
                       [type = encoding.type](Scene &scene) {
                           for (const char *attribute : {"O", "CN"}) {
                               set_string_type(scene.pki.pool_root.subject, attribute, type);
                               set_string_type(scene.pki.pool_root.issuer, attribute, type);
                           }
                       });
    table.verifies("hardware-until-2060", "hardware certificates whose dates end after 2050", [](Scene &scene) {
        for (auto *certificate : {&scene.pki.root, &scene.pki.adapter, &scene.pki.partition})
            certificate->not_after = chains_begin + 35 * 365 * one_day;
    });
    table.verifies("hardware-without-end", "certificates that never expire (RFC 5280: the last second of 9999)",
                   [](Scene &scene) {
                       for (auto *certificate : {&scene.pki.adapter, &scene.pki.partition, &scene.pki.owner_partition})
                           certificate->not_after = 253402300799;
                   });
    table.verifies("chains-pss", "certificates signed with RSASSA-PSS",
                   [](Scene &scene) { scene.pki.partition.pss = scene.pki.owner_partition.pss = true; });
    table.verifies("chains-rsa4096", "adapter and pool root with keys of 4096 bits", [](Scene &scene) {
        scene.pki.adapter.key = scene.pki.partition.signer = "rsa-4096";
        scene.pki.pool_root = self_signed_pool_root(scene.pool, "rsa-4096");
        scene.pki.owner_partition.signer = "rsa-4096";
        scene.pki.owner_partition.extensions = {basic_constraints(false), authority_key_id("rsa-4096")};
    });
    table.verifies("partitions-key-usage", "both partition certificates state what their key is for", [](Scene &scene) {
        for (auto *certificate : {&scene.pki.partition, &scene.pki.owner_partition})
            certificate->extensions.push_back(key_usage_without_cert_sign());
    });
    table.verifies("owner-name-constraints", "name constraints that do not concern the partition", [](Scene &scene) {
        scene.pki.pool_root.extensions.push_back(name_constraints_excluding_country("XX"));
    });
    table.verifies("owner-second-pool", "another pool of this HSM, whose root vouches for another partition",
                   [](Scene &scene) {
                       const Certificate root = self_signed_pool_root("another-pool", "evil-pool-root");
                       Certificate partition = scene.pki.owner_partition;
                       partition.issuer = root.subject;
                       partition.key = "partition-2";
                       partition.signer = "evil-pool-root";
                       partition.extensions = {basic_constraints(false)};
                       scene.more = {root, partition};
                   });
}

void add_bundles(Table &table) {
    const auto verifies = [&table](const char *name, const char *description, void (*edit)(std::string &)) {
        table.verifies(name, description, [edit](Scene &scene) { scene.edit_bundle = edit; });
    };
    verifies("bundle-text-between", "text before, between and behind the blocks", [](std::string &pem) {
        const std::string begin = "-----BEGIN";
        for (std::size_t at = 0; (at = pem.find(begin, at)) != std::string::npos;) {
            const std::string text = "Bag Attributes\n    subject=CN = \xc3\xa9\n\n";
            pem.insert(at, text);
            at += text.size() + begin.size();
        }
        pem += "the end";
    });
    verifies("bundle-no-last-line-end", "no line end behind the last block", [](std::string &pem) { pem.pop_back(); });
    verifies("bundle-headers", "a block with a header line, as RFC 1421 had them", [](std::string &pem) {
        const std::string edge = "-----BEGIN CERTIFICATE-----\n";
        pem.insert(edge.size(), "Comment: adapter\n\n");
    });
}

}  // namespace

void add_variant_cases(Table &table) {
    add_answers(table);
    add_names(table);
    add_numbers(table);
    add_attributes(table);
    add_layouts(table);
    add_certificates(table);
    add_bundles(table);
}

}  // namespace forge
