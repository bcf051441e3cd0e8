// certs.parse: what is in the bundle.
#include "table.h"

namespace forge {
namespace {

Change bundle(std::function<void(std::string &)> edit) {
    return [edit = std::move(edit)](Scene &scene) { scene.edit_bundle = edit; };
}

std::string block(const std::string &label, const std::string &body) {
    return "-----BEGIN " + label + "-----\n" + body + "-----END " + label + "-----\n";
}

void replace_labels(std::string &pem, const std::string &label) {
    for (const std::string edge : {"BEGIN ", "END "}) {
        const std::string old = edge + "CERTIFICATE-", made = edge + label + "-";
        for (std::size_t at = 0; (at = pem.find(old, at)) != std::string::npos; at += made.size())
            pem.replace(at, old.size(), made);
    }
}

void add_malformed(Table &table) {
    const auto fails = [&table](const char *name, const char *description, std::function<void(std::string &)> edit) {
        table.fails("certs.parse", "certs-malformed", name, description, bundle(std::move(edit)));
    };
    fails("certs-broken-base64", "one block is not base64",
          [](std::string &pem) { pem += block("CERTIFICATE", "!!!!\n"); });
    fails("certs-broken-der", "one block is not a certificate",
          [](std::string &pem) { pem += block("CERTIFICATE", base64(to_bytes("not a certificate")) + "\n"); });
    fails("certs-cut-off", "the last block has no end", [](std::string &pem) { pem.resize(pem.size() - 40); });
    fails("certs-trailing-der", "a certificate followed by further bytes in its block", [](std::string &text) {
        Bytes der = issue(self_signed_root("unrelated", "other-root"));
        der.push_back(0);
        text += pem("CERTIFICATE", der);
    });
    fails("certs-public-key", "a public key among the certificates",
          [](std::string &text) { text += pem("PUBLIC KEY", public_key_info("rsa-2048")); });
    fails("certs-private-key", "a private key among the certificates",
          [](std::string &text) { text += std::string(embedded_pem("rsa-2048")); });
    fails("certs-trusted", "a certificate in OpenSSL's own form, with trust settings",
          [](std::string &text) { replace_labels(text, "TRUSTED CERTIFICATE"); });
    fails("certs-request", "blocks that say they are requests",
          [](std::string &text) { replace_labels(text, "CERTIFICATE REQUEST"); });
    fails("certs-begin-in-text", "something between the blocks that begins like one",
          [](std::string &text) { text += "-----BEGIN CERTIFICATE-----\n"; });
    fails("certs-empty-block", "an empty block", [](std::string &pem) { pem += block("CERTIFICATE", ""); });
}

}  // namespace

void add_certificate_cases(Table &table) {
    table.fails("certs.parse", "certs-none", "certs-no-pem", "text without a PEM block",
                bundle([](std::string &pem) { pem = "no certificates today\n"; }));
    table.fails("certs.parse", "certs-none", "certs-der", "a DER certificate instead of PEM", [](Scene &scene) {
        const std::string der = to_text(issue(scene.pki.adapter));
        scene.edit_bundle = [der](std::string &pem) { pem = der; };
    });
    table.fails("certs.parse", "certs-too-many", "certs-seventeen", "one certificate more than allowed",
                [](Scene &scene) {
                    for (int i = 0; i < 13; ++i)
                        scene.more.push_back(self_signed_root("unrelated " + std::to_string(i), "other-root"));
                });
    add_malformed(table);
}

}  // namespace forge
