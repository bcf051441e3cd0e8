// bind.csr, bind.cert and bind.pubkey: a file that must hold the attested key.
#include "table.h"

namespace forge {
namespace {

using Given = std::optional<std::string> Options::*;

// One of the three kinds of files and how to make one over a test key, as DER.
struct Kind {
    const char *check, *label;
    Given member;
    Bytes (*make)(const std::string &key);
};

Bytes make_request(const std::string &key) { return request(key); }

// Issued by a key that has nothing to do with the evidence.
Bytes make_certificate(const std::string &key) {
    Certificate made = self_signed_root("forge test certificate", "other-root");
    made.key = key;
    return issue(made);
}

Bytes make_public_key(const std::string &key) { return public_key_info(key); }

const Kind kinds[] = {{"bind.csr", "CERTIFICATE REQUEST", &Options::csr, make_request},
                      {"bind.cert", "CERTIFICATE", &Options::certificate, make_certificate},
                      {"bind.pubkey", "PUBLIC KEY", &Options::public_key, make_public_key}};

Change give(Given member, std::function<std::string()> file) {
    return [member, file = std::move(file)](Scene &scene) { scene.options.*member = file(); };
}

void add_kind(Table &table, const Kind &kind) {
    const std::string name = "given-" + std::string(kind.check).substr(5);
    const std::string check = kind.check;
    const auto der = [kind](const char *key) { return [kind, key] { return to_text(kind.make(key)); }; };
    const auto armoured = [kind](const char *key) { return [kind, key] { return pem(kind.label, kind.make(key)); }; };

    table.verifies(name + "-pem", "the file holds the attested key", give(kind.member, armoured("rsa-2048")));
    table.verifies(name + "-der", "likewise, in DER", give(kind.member, der("rsa-2048")));
    table.verifies(name + "-rsa-4096", "likewise, of 4096 bits", give(kind.member, armoured("rsa-4096")))
        .on("rsa-4096", Layout::firmware3);
    table.fails(check, "given-differs", name + "-other-key", "the file holds another key",
                give(kind.member, armoured("rsa-2048-2")));
    table.fails(check, "given-differs", name + "-other-key-der", "likewise, in DER",
                give(kind.member, der("rsa-2048-2")));
    table
        .fails(check, "given-differs", name + "-other-type", "the file holds a key of another type",
               give(kind.member, armoured("rsa-2048")))
        .on("p-256");
    table.fails(check, "given-unreadable", name + "-garbage", "the file is nothing known",
                give(kind.member, [] { return std::string("this is not a key\n"); }));
    table.fails(check, "given-unreadable", name + "-empty", "the file is empty",
                give(kind.member, [] { return std::string(); }));
    table.fails(check, "given-unreadable", name + "-cut-off", "the file was cut off", give(kind.member, [kind] {
                    Bytes cut = kind.make("rsa-2048");
                    cut.resize(cut.size() / 2);
                    return pem(kind.label, cut);
                }));
    table
        .fails(check, "given-symmetric", name + "-symmetric", "the evidence is about a symmetric key",
               give(kind.member, armoured("rsa-2048")))
        .on("aes-256");
}

}  // namespace

void add_given_cases(Table &table) {
    for (const auto &kind : kinds) add_kind(table, kind);
    table.fails("bind.csr", "given-bad-signature", "given-csr-altered", "the request's own signature is broken",
                give(&Options::csr, [] { return pem("CERTIFICATE REQUEST", request("rsa-2048", true)); }));
    table.fails("bind.csr", "given-unreadable", "given-csr-is-certificate", "a certificate where a request belongs",
                give(&Options::csr, [] { return pem("CERTIFICATE", make_certificate("rsa-2048")); }));
    table
        .verifies("given-csr-ec", "a request for an EC key",
                  give(&Options::csr, [] { return std::string(embedded_pem("p-256.csr")); }))
        .on("p-256");
    table
        .verifies("given-cert-ec", "a certificate for an EC key",
                  give(&Options::certificate, [] { return pem("CERTIFICATE", make_certificate("p-256")); }))
        .on("p-256", Layout::firmware3);
    for (const auto &kind : key_kinds()) {
        if (kind.family == Family::aes) continue;
        const std::string key(kind.key);
        table
            .verifies("given-pubkey-of-" + key, "the public key in PEM",
                      give(&Options::public_key, [key] { return pem("PUBLIC KEY", public_key_info(key)); }))
            .on(key);
    }
}

}  // namespace forge
