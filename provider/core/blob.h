// The signed blobs: strict structural parse of both firmware layouts, and their signatures.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ossl.h"
#include "result.h"

namespace mhsm {

enum class Layout { firmware2, firmware3 };
std::string_view layout_name(Layout layout);  // "2.x" or "3.x"

// One type-length-value entry; no value: the HSM marked it "not available" (length ffffffff).
struct RawAttribute {
    std::uint32_t type = 0;
    std::optional<ByteView> value;
};

struct BlobObject {
    std::uint32_t handle = 0;
    std::vector<RawAttribute> attributes;  // in the order of the blob, no type twice
};

// A parsed blob. All views borrow from the bytes that were parsed.
struct Blob {
    Layout layout = Layout::firmware2;
    ByteView data;                    // what is signed
    ByteView signature;               // the rest
    std::vector<BlobObject> objects;  // one or two, in the order of the blob
};

// Parses `bytes` as exactly one of the layouts; the last `signature_size` bytes are the signature.
// Fails with a blob_* reason; `subject` names the blob in the failure.
Result<Blob> parse_blob(ByteView bytes, std::size_t signature_size, const std::string &subject);

// A key that signs evidence, made ready once: algorithms fetched, operations set up and then copied for each
// signature. Immutable: any thread may verify with it.
class SigningKey {
public:
    // Keeps a reference to `key`. A key that libcrypto cannot use verifies nothing.
    SigningKey(OSSL_LIB_CTX *libctx, EVP_PKEY *key);

    std::size_t signature_size() const { return signature_size_; }
    // Whether it signed data of this SHA-256 in the form of `layout`, with libcrypto's full PKCS#1 v1.5 check:
    // firmware 2.x signs the bare hash without DigestInfo, 3.x with it.
    bool signed_digest(Layout layout, const Sha256 &digest, ByteView signature) const;
    std::optional<Sha256> digest(ByteView data) const { return sha256_with(sha256_.get(), data); }

private:
    EvpMdPtr sha256_;
    EvpPkeyCtxPtr bare_hash_, digest_info_;
    std::size_t signature_size_ = 0;
};

// Verifies the layout's own signature form over all bytes before the signature.
Outcome verify_blob_signature(const SigningKey &partition_key, const Blob &blob, const std::string &subject);
Outcome verify_blob_signature(OSSL_LIB_CTX *libctx, const Blob &blob, EVP_PKEY *partition_key,
                              const std::string &subject);

// Whether `key` signed `bytes` in either form; decides nothing, only tells partitions apart.
bool signed_by(OSSL_LIB_CTX *libctx, ByteView bytes, EVP_PKEY *key);

}  // namespace mhsm
