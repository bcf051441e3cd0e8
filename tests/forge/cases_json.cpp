// evidence.json: text that is or is not one JSON object in UTF-8.
#include "table.h"

namespace forge {
namespace {

Change text(std::function<void(std::string &)> edit) {
    return [edit = std::move(edit)](Scene &scene) { scene.edit_text = edit; };
}

Change prefix(std::string_view what) {
    return text([what = std::string(what)](std::string &json) { json = what + json; });
}

Change suffix(std::string_view what) {
    return text([what = std::string(what)](std::string &json) { json += what; });
}

std::string utf16(const std::string &json, bool big_endian) {
    std::string result;
    for (const char c : json) {
        if (big_endian) result += '\0';
        result += c;
        if (!big_endian) result += '\0';
    }
    return result;
}

std::string nested(std::string_view open, std::string_view core, std::string_view close, std::size_t depth) {
    std::string result;
    for (std::size_t i = 0; i < depth; ++i) result += open;
    result += core;
    for (std::size_t i = 0; i < depth; ++i) result += close;
    return result;
}

void add_accepted(Table &table) {
    table.verifies("json-byte-order-mark", "a UTF-8 byte order mark before the object", prefix("\xef\xbb\xbf"));
    table.verifies("json-white-space", "white space around the object",
                   text([](std::string &json) { json = " \r\n\t" + json + "\r\n\r\n"; }));
    table.verifies("json-escaped-slashes", "kid with its slashes escaped",
                   text([](std::string &json) { replace_once(json, "\"https://", "\"https:\\/\\/"); }));
    table.verifies("json-escaped-name", "a member name with an escape",
                   text([](std::string &json) { replace_once(json, "\"kid\"", "\"\\u006bid\""); }));
    table.verifies("json-unknown-members", "unknown members anywhere", [](Scene &scene) {
        scene.edit_answer = [](Answer &answer) {
            answer.outer.set("tags", R"({"purpose":"c\u00f4de \ud83d\udd11"})");
            answer.attestation.set("future", "[null]");
            answer.key.set("hsm", "false");
        };
    });
}

void add_encodings(Table &table) {
    const auto fails = [&table](const char *reason, const char *name, const char *description, Change change) {
        table.fails("evidence.json", reason, name, description, std::move(change));
    };
    fails("json-empty", "json-empty", "no bytes at all", text([](std::string &json) { json.clear(); }));
    fails("json-empty", "json-only-white-space", "white space only", text([](std::string &json) { json = " \n\n"; }));
    fails("json-utf16", "json-utf16le", "UTF-16 with a byte order mark, as PowerShell writes it",
          text([](std::string &json) { json = "\xff\xfe" + utf16(json, false); }));
    fails("json-utf16", "json-utf16be", "big-endian UTF-16 with a byte order mark",
          text([](std::string &json) { json = "\xfe\xff" + utf16(json, true); }));
    fails("json-utf16", "json-utf16le-unmarked", "UTF-16 without a byte order mark",
          text([](std::string &json) { json = utf16(json, false); }));
    fails("json-not-utf8", "json-latin1", "a Latin-1 character in a string",
          text([](std::string &json) { replace_once(json, "CustomizedRecoverable", "Customized\xe9 Recoverable"); }));
    fails("json-not-utf8", "json-overlong", "an overlong UTF-8 form", text([](std::string &json) {
              replace_once(json, "CustomizedRecoverable", "Customized\xc0\xafRecoverable");
          }));
    fails("json-not-utf8", "json-utf8-surrogate", "a surrogate encoded as UTF-8", text([](std::string &json) {
              replace_once(json, "CustomizedRecoverable", "Customized\xed\xa0\x80Recoverable");
          }));
}

void add_grammar(Table &table) {
    const auto fails = [&table](const char *reason, const char *name, const char *description, Change change) {
        table.fails("evidence.json", reason, name, description, std::move(change));
    };
    fails("json-syntax", "json-html", "an HTML page instead of JSON",
          text([](std::string &json) { json = "<html><body>Sign in</body></html>"; }));
    fails("json-syntax", "json-trailing-comma", "a comma before the closing brace",
          text([](std::string &json) { json.insert(json.size() - 1, ","); }));
    fails("json-syntax", "json-single-quotes", "a name in single quotes",
          text([](std::string &json) { replace_once(json, "\"kid\"", "'kid'"); }));
    fails("json-syntax", "json-nul-in-kid", "\\u0000 in kid, at which C strings end", text([](std::string &json) {
              replace_once(json, ".managedhsm.azure.net/", ".managedhsm.azure.net\\u0000.example/");
          }));
    fails("json-syntax", "json-raw-nul", "a NUL byte in a string",
          text([](std::string &json) { json.insert(json.find(".managedhsm"), 1, '\0'); }));
    fails("json-syntax", "json-control-character", "a raw line break in a string",
          text([](std::string &json) { replace_once(json, ".managedhsm.azure.net/", ".managedhsm\n.azure.net/"); }));
    fails("json-syntax", "json-lone-surrogate", "half of a surrogate pair",
          text([](std::string &json) { replace_once(json, "CustomizedRecoverable", "Customized\\udd11Recoverable"); }));
    fails("json-truncated", "json-truncated", "the text ends in the middle",
          text([](std::string &json) { json.resize(json.size() / 2); }));
    fails("json-truncated", "json-truncated-brace", "the last brace is missing",
          text([](std::string &json) { json.pop_back(); }));
    fails("json-not-object", "json-array", "an array around the answer",
          text([](std::string &json) { json = "[" + json + "]"; }));
    fails("json-not-object", "json-string", "a string instead of an object",
          text([](std::string &json) { json = "\"attestation\""; }));
    fails("json-trailing-data", "json-trailing-text", "text after the object", suffix("\nOK"));
    fails("json-trailing-data", "json-two-answers", "two answers, one behind the other",
          text([](std::string &json) { json += "\n" + json; }));
    fails("json-trailing-data", "json-trailing-nul", "a NUL byte after the object",
          text([](std::string &json) { json += '\0'; }));
}

void add_duplicates(Table &table) {
    const auto fails = [&table](const char *name, const char *description, std::function<void(Answer &)> edit) {
        table.fails("evidence.json", "json-duplicate-member", name, description,
                    [edit = std::move(edit)](Scene &scene) { scene.edit_answer = edit; });
    };
    const std::string other_kid = "\"https://other.managedhsm.azure.net/keys/other/00112233445566778899aabbccddeeff\"";
    fails("json-duplicate-kid", "kid twice with different values",
          [other_kid](Answer &answer) { answer.key.add("kid", other_kid); });
    fails("json-duplicate-kid-escaped", "a second kid spelled with an escape",
          [other_kid](Answer &answer) { answer.key.add("\\u006bid", other_kid); });
    fails("json-duplicate-kid-case", "a second kid that differs in case, for readers that ignore it",
          [other_kid](Answer &answer) { answer.key.add("Kid", other_kid); });
    fails("json-duplicate-blob-case", "a second privateKeyAttestation that differs in case", [](Answer &answer) {
        answer.attestation.add("privatekeyattestation", answer.attestation.at("privateKeyAttestation"));
    });
    fails("json-duplicate-key", "key twice", [](Answer &answer) { answer.outer.set("key", answer.key.text()); });
    fails("json-duplicate-attributes", "attributes twice",
          [](Answer &answer) { answer.outer.set("attributes", "{}"); });
    fails("json-duplicate-attestation", "attributes.attestation twice",
          [](Answer &answer) { answer.attributes.add("attestation", answer.attestation.text()); });
    fails("json-duplicate-blob", "privateKeyAttestation twice, equal", [](Answer &answer) {
        answer.attestation.add("privateKeyAttestation", answer.attestation.at("privateKeyAttestation"));
    });
    fails("json-duplicate-modulus", "n twice", [](Answer &answer) { answer.key.add("n", answer.key.at("n")); });
}

void add_sizes(Table &table) {
    constexpr std::size_t limit = std::size_t{1} << 20U;
    table.fails("evidence.json", "json-too-large", "json-too-large", "one byte more than 1 MiB",
                text([](std::string &json) { json.resize(limit + 1, ' '); }));
    table.verifies("json-largest", "exactly 1 MiB", text([](std::string &json) { json.resize(limit, ' '); }));
    table.fails("evidence.json", "json-too-deep", "json-too-deep", "arrays 100000 deep", [](Scene &scene) {
        scene.edit_answer = [](Answer &answer) { answer.outer.set("deep", nested("[", "1", "]", 100000)); };
    });
    table.fails("evidence.json", "json-too-deep", "json-too-deep-unclosed", "objects 100000 deep, never closed",
                text([](std::string &json) { json = nested("{\"a\":", "", "", 100000); }));
    table.fails("evidence.json", "json-too-deep", "json-17-deep", "one level more than allowed", [](Scene &scene) {
        scene.edit_answer = [](Answer &answer) { answer.outer.set("deep", nested("[", "1", "]", 16)); };
    });
    table.verifies("json-16-deep", "as deep as allowed", [](Scene &scene) {
        scene.edit_answer = [](Answer &answer) { answer.outer.set("deep", nested("[", "1", "]", 15)); };
    });
}

}  // namespace

void add_json_cases(Table &table) {
    add_accepted(table);
    add_encodings(table);
    add_grammar(table);
    add_duplicates(table);
    add_sizes(table);
}

}  // namespace forge
