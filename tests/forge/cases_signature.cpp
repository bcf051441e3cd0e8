// signature.private and signature.public: who signed a blob, and in which form.
#include "attack.h"
#include "table.h"

namespace forge {
namespace {

std::string suffix(std::string_view member, Layout layout) {
    return "-" + std::string(member) + (layout == Layout::firmware2 ? "-fw2" : "-fw3");
}

using BlobEdit = void (*)(Scene &, SignedBlob &, Object &);

void add_mismatches(Table &table, const std::string &member, Layout layout) {
    const auto fails = [&](const char *name, const char *description, BlobEdit edit) {
        table
            .fails(
                "signature." + member, "signature-mismatch", name + suffix(member, layout), description,
                [member, edit](Scene &scene) { edit(scene, blob_named(scene, member), object_named(scene, member)); })
            .on(layout);
    };
    fails("signature-flipped", "one bit of the signature is wrong", [](Scene &, SignedBlob &blob, Object &) {
        blob.edit_signature = [](Bytes &signature, const Bytes &) { signature.back() ^= 1; };
    });
    fails("signature-zero", "the signature is zero", [](Scene &, SignedBlob &blob, Object &) {
        blob.edit_signature = [](Bytes &signature, const Bytes &) { signature.assign(signature.size(), 0); };
    });
    fails("signature-one", "the signature is the number one", [](Scene &, SignedBlob &blob, Object &) {
        blob.edit_signature = [](Bytes &signature, const Bytes &) {
            signature.assign(signature.size(), 0);
            signature.back() = 1;
        };
    });
    fails("signature-plus-modulus", "the signature plus the modulus", add_modulus_to_signature);
    fails("signature-other-partition", "signed by another partition",
          [](Scene &, SignedBlob &blob, Object &) { blob.signer = "partition-2"; });
    fails("signature-adapter", "signed by the adapter",
          [](Scene &, SignedBlob &blob, Object &) { blob.signer = "adapter"; });
    fails("signature-pool-root", "signed by the pool root",
          [](Scene &, SignedBlob &blob, Object &) { blob.signer = "pool-root"; });
    fails("signature-attested-key", "signed by the attested key itself",
          [](Scene &, SignedBlob &blob, Object &) { blob.signer = "rsa-2048"; });
    fails("signature-moved", "NEVER_EXTRACTABLE was changed after signing",
          [](Scene &scene, SignedBlob &blob, Object &object) {
              const Bytes genuine = blob_bytes(scene, blob);
              const Bytes signature(genuine.end() - 256, genuine.end());
              object.value(cka::never_extractable).at(0) ^= 1;
              blob.edit_signature = [signature](Bytes &made, const Bytes &) { made = signature; };
          });
}

}  // namespace

void add_signature_cases(Table &table) {
    for (const std::string member : {"private", "public"}) {
        for (const auto layout : {Layout::firmware2, Layout::firmware3}) {
            add_mismatches(table, member, layout);
            const bool digest_info = layout == Layout::firmware2;
            table
                .fails("signature." + member, "signature-wrong-form", "signature-wrong-form" + suffix(member, layout),
                       digest_info ? "2.x signed with a DigestInfo" : "3.x signed without a DigestInfo",
                       [member, digest_info](Scene &scene) {
                           blob_named(scene, member).form =
                               digest_info ? SignatureForm::digest_info : SignatureForm::bare_hash;
                       })
                .on(layout);
        }
    }
}

}  // namespace forge
