// Files that hold what is trusted or compared with: roots, requests, certificates and public keys, PEM or DER.
#include "core/anchors.h"

#include <openssl/pem.h>

#include "core/binding.h"
#include "keys.h"
#include "property.h"

using namespace mhsm;

namespace {

const EVP_PKEY *attested() { return forge::test_key("p-256"); }

bool is_attested(const EVP_PKEY *key) { return key != nullptr && EVP_PKEY_eq(key, attested()) == 1; }

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const ByteView given(data, size);
    if (const auto anchors = parse_anchors(nullptr, given)) {
        fuzz::require(!anchors->empty() && anchors->size() <= 16, "1 to 16 anchors");
        for (const auto &anchor : *anchors) static_cast<void>(fingerprint(nullptr, anchor.get()));
    }
    fuzz::require(ERR_peek_error() == 0, "the caller's error queue stays as it was");
    for (const auto kind : {GivenKind::csr, GivenKind::certificate, GivenKind::public_key})
        static_cast<void>(bind_given(nullptr, kind, given, attested()));
    fuzz::require(ERR_peek_error() == 0, "the caller's error queue stays as it was");
    if (!bind_given(nullptr, GivenKind::public_key, given, attested()).passed()) return 0;
    // Read once more without the reader under test.
    const ErrorScope errors;
    const auto *cursor = data;
    EvpPkeyPtr key(d2i_PUBKEY(nullptr, &cursor, static_cast<long>(size)));
    if (!key) {
        const auto bio = memory_bio(given);
        key.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
    }
    fuzz::require(is_attested(key.get()), "a public key that passes is the attested one");
    return 0;
}
