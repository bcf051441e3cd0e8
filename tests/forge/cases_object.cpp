// object.private and object.public: whether class, type, size and material of an object agree.
#include "table.h"

namespace forge {
namespace {

using ObjectEdit = std::function<void(Object &)>;

class ObjectCases {
public:
    ObjectCases(Table &table, std::string member) : table_(table), member_(std::move(member)) {}

    Recipe &fails(const char *reason, const std::string &name, const char *description, Change change) {
        return table_.fails("object." + member_, reason, name + "-" + member_, description, std::move(change));
    }
    Recipe &object(const char *reason, const std::string &name, const char *description, ObjectEdit edit) {
        return fails(reason, name, description,
                     [member = member_, edit = std::move(edit)](Scene &scene) { edit(object_named(scene, member)); });
    }
    const std::string &member() const { return member_; }

private:
    Table &table_;
    std::string member_;
};

void add_classes(ObjectCases cases) {
    const std::uint8_t other = cases.member() == "private" ? 2 : 3;
    cases.object("object-class-wrong", "object-class-of-the-other", "the class of the other half of the key",
                 [other](Object &object) { object.set(cka::object_class, {other}); });
    cases.object("object-class-wrong", "object-class-certificate", "the object is a certificate",
                 [](Object &object) { object.set(cka::object_class, {1}); });
    for (const auto layout : {Layout::firmware2, Layout::firmware3})
        cases
            .fails("object-class-wrong",
                   layout == Layout::firmware2 ? "object-other-blob-fw2" : "object-other-blob-fw3",
                   "both members hold the blob of the other",
                   [member = cases.member()](Scene &scene) {
                       scene.edit_answer = [member](Answer &answer) {
                           const bool is_private = member == "private";
                           const char *target = is_private ? "privateKeyAttestation" : "publicKeyAttestation";
                           const char *source = is_private ? "publicKeyAttestation" : "privateKeyAttestation";
                           answer.attestation.set(target, answer.attestation.at(source));
                       };
                   })
            .on(layout);
    cases
        .fails("object-ambiguous", "object-twice", "a 3.x blob holds two objects of the promised class",
               [member = cases.member()](Scene &scene) {
                   Object second = object_named(scene, member);
                   second.handle += 7;
                   blob_named(scene, member).objects = {object_named(scene, member), second};
               })
        .on(Layout::firmware3);
}

void add_company(Table &table) {
    table
        .fails("object.private", "object-ambiguous", "object-beside-symmetric",
               "beside a symmetric key lies the public object of another",
               [](Scene &scene) {
                   const Scene other(scene.seed, key_kind("p-256"), scene.layout);
                   scene.private_blob.objects = {scene.private_object, other.public_object.value()};
               })
        .on("aes-256", Layout::firmware3);
}

void add_types(ObjectCases cases) {
    cases.object("object-type-wrong", "object-rsa-called-ec", "an RSA modulus called EC",
                 [](Object &object) { object.set(cka::key_type, {3}); });
    cases
        .object("object-type-wrong", "object-ec-called-rsa", "an EC point called RSA",
                [](Object &object) { object.set(cka::key_type, {0}); })
        .on("p-256");
    cases.object("object-type-wrong", "object-type-unknown", "an unknown key type",
                 [](Object &object) { object.set(cka::key_type, {0x42}); });
    cases
        .object("object-type-wrong", "object-curve-unknown", "an unknown curve number",
                [](Object &object) { object.set(cka::modulus_bits, be32(999)); })
        .on("p-256");
    const std::string other = cases.member() == "private" ? "object.public" : "object.private";
    for (const char *kty : {"EC-HSM", "RSA", "rsa-hsm", "oct", "OKP"})
        cases
            .fails("object-type-wrong", std::string("object-kty-") + kty, "kty says another type",
                   [kty](Scene &scene) {
                       scene.edit_answer = [kty](Answer &answer) { answer.key.set("kty", quoted(kty)); };
                   })
            .failing_too({other});
}

void add_sizes(ObjectCases cases) {
    for (const std::uint32_t bits : {0U, 2047U, 4096U})
        cases.object("object-size-wrong", "object-rsa-bits-" + std::to_string(bits),
                     "MODULUS_BITS is not that of the modulus",
                     [bits](Object &object) { object.set(cka::modulus_bits, be32(bits)); });
    cases.object("object-size-wrong", "object-modulus-short", "the modulus misses its last byte",
                 [](Object &object) { object.value(cka::modulus).pop_back(); });
    cases
        .object("object-size-wrong", "object-point-of-another-curve", "a point of P-256 on P-384",
                [](Object &object) { object.set(cka::modulus_bits, be32(715)); })
        .on("p-256");
    cases
        .object("object-size-wrong", "object-point-long", "a point with a byte too many",
                [](Object &object) { object.value(cka::modulus).push_back(0); })
        .on("p-256");
    for (const auto form : {std::uint8_t{0x02}, std::uint8_t{0x03}, std::uint8_t{0x06}})
        cases
            .object("object-size-wrong", "object-point-form-" + std::to_string(form),
                    "a point of full length that says it is in another form",
                    [form](Object &object) { object.value(cka::modulus).front() = form; })
            .on("p-256");
    cases
        .object("object-size-wrong", "object-point-compressed", "a compressed point",
                [](Object &object) {
                    auto &point = object.value(cka::modulus);
                    point.front() = (point.back() & 1U) == 0 ? 2 : 3;
                    point.resize((point.size() + 1) / 2);
                })
        .on("p-256");
}

void add_attributes(ObjectCases cases) {
    struct Needed {
        const char *name;
        std::uint32_t type;
    };
    for (const Needed needed : {Needed{"class", cka::object_class}, Needed{"key-type", cka::key_type},
                                Needed{"modulus", cka::modulus}, Needed{"modulus-bits", cka::modulus_bits}}) {
        const std::string name = std::string("object-no-") + needed.name;
        const auto type = needed.type;
        cases.object("object-attribute-absent", name, "an attribute is absent",
                     [type](Object &object) { object.erase(type); });
        cases
            .object("object-attribute-absent", name + "-ec", "an attribute is absent",
                    [type](Object &object) { object.erase(type); })
            .on("p-384", Layout::firmware3);
        cases.object("object-attribute-absent", name + "-not-available", "an attribute is marked not available",
                     [type](Object &object) {
                         for (auto &attribute : object.attributes)
                             if (attribute.type == type) attribute.value.reset();
                     });
        if (type == cka::modulus) continue;
        for (const std::size_t size : {std::size_t{0}, std::size_t{8}})
            cases.object("object-attribute-malformed",
                         std::string("object-") + needed.name + "-" + std::to_string(size) + "-bytes",
                         "a number of impossible length",
                         [type, size](Object &object) { object.set(type, filled(size, 0)); });
    }
}

void add_symmetric(Table &table) {
    const auto fails = [&table](const char *reason, const char *name, const char *description, ObjectEdit edit) {
        table
            .fails("object.private", reason, name, description,
                   [edit = std::move(edit)](Scene &scene) { edit(scene.private_object); })
            .on("aes-256");
    };
    fails("object-size-wrong", "object-aes-17-bytes", "an AES key of 17 bytes",
          [](Object &object) { object.set(cka::value_len, be32(17)); });
    fails("object-size-wrong", "object-aes-0-bytes", "an AES key of no bytes",
          [](Object &object) { object.set(cka::value_len, be32(0)); });
    fails("object-attribute-absent", "object-aes-length-unavailable",
          "an AES key of ffffffff bytes, which means not available",
          [](Object &object) { object.set(cka::value_len, be32(0xffffffff)); });
    fails("object-attribute-absent", "object-aes-no-length", "an AES key of unknown length",
          [](Object &object) { object.erase(cka::value_len); });
    fails("object-attribute-malformed", "object-aes-length-malformed", "the length is of an impossible length",
          [](Object &object) { object.set(cka::value_len, {}); });
    fails("object-type-wrong", "object-aes-as-private-key", "an AES key as a private key object",
          [](Object &object) { object.set(cka::object_class, {3}); });
    table
        .fails(
            "object.private", "object-type-wrong", "object-aes-called-rsa", "kty says RSA-HSM of an AES key",
            [](Scene &scene) { scene.edit_answer = [](Answer &answer) { answer.key.set("kty", quoted("RSA-HSM")); }; })
        .on("aes-256")
        .failing_too({"evidence.fields", "bind.jwk", "bind.pair"});
}

// Material that both objects and the JWK agree upon, but that is no key.
void add_invalid_keys(Table &table) {
    const auto fails = [&table](const char *kind, const char *name, const char *description, ObjectEdit edit) {
        table
            .fails("object.public", "object-key-invalid", name, description,
                   [edit = std::move(edit)](Scene &scene) { scene.edit_objects(edit); })
            .on(kind);
    };
    fails("p-256", "object-point-off-curve", "the point is not on its curve",
          [](Object &object) { object.value(cka::modulus).back() ^= 1; });
    fails("p-256k", "object-point-of-p-256", "a point of another curve of the same size",
          [](Object &object) { object.set(cka::modulus, ec_point("p-256")); });
    fails("p-256", "object-point-huge", "coordinates larger than the field", [](Object &object) {
        Bytes point = filled(65, 0xff);
        point[0] = 0x04;
        object.set(cka::modulus, point);
    });
    fails("rsa-2048", "object-modulus-even", "an even modulus",
          [](Object &object) { object.value(cka::modulus).back() &= 0xfe; });
    fails("rsa-2048", "object-exponent-one", "the public exponent is one",
          [](Object &object) { object.set(cka::public_exponent, {1}); });
    fails("rsa-2048", "object-exponent-even", "an even public exponent", [](Object &object) {
        object.set(cka::public_exponent, {1, 0, 0});
    });
}

}  // namespace

void add_object_cases(Table &table) {
    for (const char *member : {"private", "public"}) {
        const ObjectCases cases(table, member);
        add_classes(cases);
        add_types(cases);
        add_sizes(cases);
        add_attributes(cases);
    }
    table
        .fails("object.private", "object-class-wrong", "object-blobs-swapped", "the two blobs are swapped",
               [](Scene &scene) {
                   scene.edit_answer = [](Answer &answer) {
                       std::swap(answer.attestation.at("privateKeyAttestation"),
                                 answer.attestation.at("publicKeyAttestation"));
                   };
               })
        .failing_too({"object.public"});
    add_symmetric(table);
    add_company(table);
    add_invalid_keys(table);
}

}  // namespace forge
