// evidence.fields: the members of the attestation and their base64url.
#include "attack.h"
#include "table.h"

namespace forge {
namespace {

const char *const member_names[] = {"privateKeyAttestation", "publicKeyAttestation", "certificatePemFile"};

Change member(std::string name, std::function<void(std::string &raw)> edit) {
    return [name = std::move(name), edit = std::move(edit)](Scene &scene) {
        scene.edit_answer = [name, edit](Answer &answer) { edit(answer.attestation.at(name)); };
    };
}

// Makes a blob whose length leaves `remainder` modulo 3, so that its last base64 character has unused bits.
void pad_private_blob(Scene &scene, std::size_t remainder) {
    while (blob_bytes(scene, scene.private_blob).size() % 3 != remainder) ++scene.private_blob.padding;
}

Change tail(std::size_t remainder, std::function<void(std::string &raw)> edit) {
    return [remainder, edit = std::move(edit)](Scene &scene) {
        pad_private_blob(scene, remainder);
        scene.edit_answer = [edit](Answer &answer) { edit(answer.attestation.at("privateKeyAttestation")); };
    };
}

void add_missing(Table &table) {
    for (const char *name : {"privateKeyAttestation", "certificatePemFile"}) {
        table.fails(
            "evidence.fields", "field-missing", "field-missing-" + std::string(name), "a member is missing",
            [name](Scene &scene) { scene.edit_answer = [name](Answer &answer) { answer.attestation.erase(name); }; });
    }
    table.fails("evidence.fields", "public-attestation-missing", "public-attestation-missing",
                "an asymmetric key without its public attestation", [](Scene &scene) {
                    scene.edit_answer = [](Answer &answer) { answer.attestation.erase("publicKeyAttestation"); };
                });
    table.fails("evidence.fields", "public-attestation-missing", "public-attestation-missing-bare",
                "likewise in a bare attestation, where only the private object tells", [](Scene &scene) {
                    scene.shape = Shape::bare;
                    scene.edit_answer = [](Answer &answer) { answer.attestation.erase("publicKeyAttestation"); };
                });
    table
        .fails("evidence.fields", "public-attestation-unexpected", "public-attestation-unexpected",
               "a symmetric key with a public attestation",
               [](Scene &scene) {
                   scene.edit_answer = [](Answer &answer) {
                       answer.attestation.set("publicKeyAttestation", answer.attestation.at("privateKeyAttestation"));
                   };
               })
        .on("aes-256")
        .failing_too({"object.public"});
    for (const char *name : member_names) {
        for (const char *raw : {"17", "[]", "true"})
            table.fails("evidence.fields", "field-not-string",
                        "field-not-string-" + std::string(name) + "-" +
                            (*raw == '1'   ? "number"
                             : *raw == '[' ? "array"
                                           : "boolean"),
                        "a member is not a string", member(name, [raw](std::string &value) { value = raw; }));
    }
}

void add_alphabet(Table &table) {
    for (const char *name : member_names) {
        const std::string suffix = std::string("-") + name;
        table.fails("evidence.fields", "field-line-breaks", "field-line-breaks" + suffix,
                    "base64url wrapped at 64 characters",
                    member(name, [](std::string &raw) { raw.insert(65, "\\r\\n"); }));
        table.fails("evidence.fields", "field-bad-base64url", "field-space" + suffix, "a space inside the base64url",
                    member(name, [](std::string &raw) { raw.insert(65, " "); }));
        table.fails("evidence.fields", "field-bad-base64url", "field-standard-alphabet" + suffix,
                    "a character of the standard alphabet", member(name, [](std::string &raw) { raw[66] = '+'; }));
        table.fails("evidence.fields", "field-bad-base64url", "field-slash" + suffix,
                    "the other character of the standard alphabet",
                    member(name, [](std::string &raw) { raw[66] = '/'; }));
        table.fails("evidence.fields", "field-bad-base64url", "field-length" + suffix, "a length that no base64 has",
                    member(name, [](std::string &raw) {
                        while ((raw.size() - 2) % 4 != 1) raw.insert(raw.size() - 1, "A");
                    }));
    }
}

void add_tails(Table &table) {
    const auto end = [](std::string &raw, std::string_view what) { raw.insert(raw.size() - 1, what); };
    table.verifies("base64-padding-one", "correct padding with =", tail(2, [end](std::string &raw) { end(raw, "="); }));
    table.verifies("base64-padding-two",
                   "correct padding with ==", tail(1, [end](std::string &raw) { end(raw, "=="); }));
    const auto fails = [&table](const char *name, const char *description, Change change) {
        table.fails("evidence.fields", "field-bad-base64url", name, description, std::move(change));
    };
    fails("base64-padding-short", "= where == belongs", tail(1, [end](std::string &raw) { end(raw, "="); }));
    fails("base64-padding-long", "== where = belongs", tail(2, [end](std::string &raw) { end(raw, "=="); }));
    fails("base64-padding-needless", "padding where none belongs", tail(0, [end](std::string &raw) { end(raw, "="); }));
    fails("base64-padding-group", "a whole group of padding", tail(0, [end](std::string &raw) { end(raw, "===="); }));
    fails("base64-padding-inside", "padding in the middle",
          tail(0, [](std::string &raw) { raw.replace(41, 4, "AA=="); }));
    for (const std::size_t remainder : {std::size_t{1}, std::size_t{2}})
        fails(remainder == 1 ? "base64-non-canonical-two" : "base64-non-canonical-one",
              "unused bits of the last character are not zero",
              tail(remainder, [](std::string &raw) { set_unused_base64_bits(raw); }));
}

}  // namespace

void add_field_cases(Table &table) {
    add_missing(table);
    add_alphabet(table);
    add_tails(table);
}

}  // namespace forge
