// evidence.version: the three accepted shapes of an answer, and what is none of them.
#include "table.h"

namespace forge {
namespace {

Change answer(std::function<void(Answer &)> edit) {
    return [edit = std::move(edit)](Scene &scene) { scene.edit_answer = edit; };
}

void add_shapes(Table &table) {
    const auto shape = [](Shape wanted) { return [wanted](Scene &scene) { scene.shape = wanted; }; };
    table.verifies("shape-bare", "only the attestation object", shape(Shape::bare))
        .skipping("bind.jwk", "bare-attestation");
    table.verifies("shape-wrapped", "{\"attestation\": {...}}", shape(Shape::wrapped))
        .skipping("bind.kid", "bare-attestation");
    table.verifies("shape-bare-fw3", "only the attestation object, 3.x", shape(Shape::bare))
        .on("p-256", Layout::firmware3)
        .skipping("bind.pool", "bare-attestation");
    table.verifies("shape-beside-key", "attestation beside key instead of inside attributes", answer([](Answer &made) {
                       made.outer.set("attestation", made.attestation.text());
                       made.attestation = {};
                   }));
    for (const char *check : {"bind.kid", "bind.pool"}) {
        const std::string other = check == std::string("bind.kid") ? "bind.pool" : "bind.kid";
        table
            .fails(check, "kid-missing", "shape-bare-requested-" + std::string(check).substr(5),
                   "a bare attestation cannot show that it is the one asked for",
                   [](Scene &scene) {
                       scene.shape = Shape::bare;
                       scene.options.request = scene.kid();
                   })
            .failing_too({other, "bind.request"});
    }
}

// An answer of the service always has a key: one without was cut, which must not pass for a bare attestation.
void add_cut_answers(Table &table) {
    struct Cut {
        const char *name, *instead;
    };
    for (const Cut cut :
         {Cut{"without-key", ""}, Cut{"null-key", ",\"key\":null"}, Cut{"key-no-object", ",\"key\":[]"}})
        table
            .fails("bind.jwk", "jwk-missing-member", std::string("answer-") + cut.name, "the answer's key is gone",
                   [cut](Scene &scene) {
                       scene.edit_text = [cut](std::string &json) {
                           json.replace(json.find(",\"key\":{"), std::string::npos, std::string(cut.instead) + "}");
                       };
                   })
            .failing_too({"bind.kid", "bind.pool"});
}

void add_missing(Table &table) {
    const auto fails = [&table](const char *name, const char *description, std::function<void(Answer &)> edit) {
        table.fails("evidence.version", "attestation-missing", name, description, answer(std::move(edit)));
    };
    fails("attestation-missing", "a key without attestation, as `key show` answers",
          [](Answer &made) { made.attestation = {}; });
    fails("attestation-null", "attestation is null", [](Answer &made) {
        made.attestation = {};
        made.attributes.set("attestation", "null");
    });
    fails("attestation-string", "attestation is a string", [](Answer &made) {
        made.attestation = {};
        made.attributes.set("attestation", "\"MRVL-1\"");
    });
    table.fails("evidence.version", "attestation-missing", "error-answer", "an error of the service", [](Scene &scene) {
        scene.edit_text = [](std::string &json) {
            json = R"({"error":{"code":"Forbidden","message":"Caller is not authorized to perform action"}})";
        };
    });
    table.fails("evidence.version", "attestation-missing", "empty-object", "an empty object",
                [](Scene &scene) { scene.edit_text = [](std::string &json) { json = "{}"; }; });
}

void add_ambiguous(Table &table) {
    const auto fails = [&table](const char *name, const char *description, std::function<void(Answer &)> edit) {
        table.fails("evidence.version", "attestation-ambiguous", name, description, answer(std::move(edit)));
    };
    fails("attestation-twice", "attributes.attestation and attestation",
          [](Answer &made) { made.outer.set("attestation", made.attestation.text()); });
    fails("attestation-and-bare-members", "attributes.attestation and the members of a bare one", [](Answer &made) {
        for (const char *name : {"certificatePemFile", "privateKeyAttestation", "publicKeyAttestation", "version"})
            made.outer.set(name, made.attestation.at(name));
    });
}

void add_versions(Table &table) {
    const auto fails = [&table](const char *reason, const char *name, const char *description, const std::string &raw) {
        table.fails("evidence.version", reason, name, description, answer([raw](Answer &made) {
                        if (raw.empty())
                            made.attestation.erase("version");
                        else
                            made.attestation.set("version", raw);
                    }));
    };
    fails("version-missing", "version-missing", "no version", "");
    fails("version-not-string", "version-number", "the version is a number", "1");
    fails("version-not-string", "version-null", "the version is null", "null");
    fails("version-unsupported", "version-2", "a later version", "\"MRVL-2\"");
    fails("version-unsupported", "version-lower-case", "the right version in lower case", "\"mrvl-1\"");
    fails("version-unsupported", "version-longer", "the right version with a suffix", "\"MRVL-1.1\"");
    fails("version-unsupported", "version-empty", "an empty version", "\"\"");
}

}  // namespace

void add_answer_cases(Table &table) {
    add_shapes(table);
    add_cut_answers(table);
    add_missing(table);
    add_ambiguous(table);
    add_versions(table);
}

}  // namespace forge
