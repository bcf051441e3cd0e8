// signature.private and signature.public: who signed a blob, and in which form.
#include "attack.h"
#include "keys.h"
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

// What the layout signs: the hash, alone or in its DigestInfo.
Bytes content_of(const Bytes &data, Layout layout) {
    Bytes content;
    if (layout == Layout::firmware3)
        content = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                   0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
    append(content, sha256(data));
    return content;
}

// A block of `size` bytes: `front`, `content` after as many filling bytes as there is room for, `behind`.
Bytes block_of(Bytes front, std::uint8_t filling, const Bytes &content, const Bytes &behind, std::size_t size) {
    append(front, filled(size - front.size() - content.size() - behind.size(), filling));
    append(front, content);
    append(front, behind);
    return front;
}

using MakeBlock = Bytes (*)(Bytes content, std::size_t size);

// The right hash in a block that is not PKCS#1 v1.5 of type 1, signed by the partition itself: verifiers that look
// for the hash where they expect it accept these.
void add_blocks(Table &table, const std::string &member, Layout layout) {
    const auto fails = [&](const char *name, const char *description, MakeBlock make) {
        table
            .fails("signature." + member, "signature-mismatch", name + suffix(member, layout), description,
                   [member, layout, make](Scene &scene) {
                       auto &blob = blob_named(scene, member);
                       blob.edit_signature = [layout, make, signer = blob.signer](Bytes &made, const Bytes &data) {
                           made = sign_block(signer, make(content_of(data, layout), made.size()));
                       };
                   })
            .on(layout);
    };
    fails("signature-block-arbitrary", "the hash behind arbitrary bytes",
          [](Bytes content, std::size_t size) { return block_of({0}, 0x5a, content, {}, size); });
    fails("signature-block-type-2", "the hash behind the padding of an encryption",
          [](Bytes content, std::size_t size) {
              content.insert(content.begin(), 0);
              return block_of({0, 2}, 0x5a, content, {}, size);
          });
    fails("signature-block-type-0", "the hash behind padding of zeros", [](Bytes content, std::size_t size) {
        return block_of({0, 0}, 0, content, {}, size);
    });
    fails("signature-block-garbage-behind", "short padding, the hash, and bytes behind it",
          [](Bytes content, std::size_t size) {
              content.insert(content.begin(), 0);
              return block_of({0, 1}, 0xff, content, filled(size / 2, 0x5a), size);
          });
    fails("signature-block-garbage-before", "short padding, and bytes before the hash",
          [](Bytes content, std::size_t size) {
              Bytes front{0, 1};
              append(front, filled(8, 0xff));
              front.push_back(0);
              return block_of(front, 0x5a, content, {}, size);
          });
}

}  // namespace

void add_signature_cases(Table &table) {
    for (const std::string member : {"private", "public"}) {
        for (const auto layout : {Layout::firmware2, Layout::firmware3}) {
            add_mismatches(table, member, layout);
            add_blocks(table, member, layout);
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
