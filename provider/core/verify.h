// The facade: evidence in, report out. No I/O, no clock, no environment, no globals.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "binding.h"
#include "bundle_cache.h"
#include "policy.h"
#include "report.h"

namespace mhsm {

// What the evidence must be about, as far as the caller knows.
struct Expectations {
    std::optional<KeyUrl> request;  // the key that was asked for; makes bind.kid and bind.pool mandatory
    std::optional<Bytes> csr, certificate, public_key;  // PEM or DER
};

// Appraises many pieces of evidence under one trust: roots are read once, and what the certificates of a partition
// came to is remembered for its other keys. The reports are those of verify(), byte for byte. Any thread may verify.
class Verifier {
public:
    static constexpr std::size_t usual_bundles = 256;

    // `libctx` (null: the default context) must offer SHA-256, RSA and EC; it and `trust` must outlive the verifier.
    // Remembers the certificates of at most `most_bundles` partitions, with some 100 KB for each.
    Verifier(OSSL_LIB_CTX *libctx, const Trust &trust, std::size_t most_bundles = usual_bundles);

    // See verify().
    Report verify(ByteView json, const Policy &policy, const Expectations &expectations, VerificationTime time);
    // The same for a thread that verifies many: the report shares the evidence, and `keys`, made for `libctx`, is the
    // thread's own.
    Report verify(const SharedBytes &json, KeyMaker &keys, const Policy &policy, const Expectations &expectations,
                  VerificationTime time);

    // False if libcrypto could not verify even what the built-in roots signed: for lack of an algorithm, or of memory.
    bool roots_proven() const { return roots_proven_; }

private:
    OSSL_LIB_CTX *libctx_;
    const Trust &trust_;
    std::vector<X509Ptr> roots_;
    bool roots_proven_ = true;
    std::shared_ptr<EVP_MD> sha256_;
    BundleCache cache_;
};

// Whether libcrypto can do in `libctx` what verification needs: SHA-256, RSA and EC. Throws std::bad_alloc.
bool can_verify(OSSL_LIB_CTX *libctx);

// Appraises `json` (evidence as the service answered it) against `trust`, `policy` and `expectations` at `time`
// (none: dates are not checked). Cryptography comes from `libctx` (null: the default context), which must
// offer SHA-256, RSA and EC. Always returns a report; throws only std::bad_alloc.
Report verify(OSSL_LIB_CTX *libctx, ByteView json, const Trust &trust, const Policy &policy,
              const Expectations &expectations, VerificationTime time);

}  // namespace mhsm
