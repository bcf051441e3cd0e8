// The facade: evidence in, report out. No I/O, no clock, no environment, no globals.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "binding.h"
#include "policy.h"
#include "report.h"

namespace mhsm {

// What the evidence must be about, as far as the caller knows.
struct Expectations {
    std::optional<KeyUrl> request;  // the key that was asked for; makes bind.kid and bind.pool mandatory
    std::optional<Bytes> csr, certificate, public_key;  // PEM or DER
};

// Appraises `json` (evidence as the service answered it) against `trust`, `policy` and `expectations` at `time`
// (none: dates are not checked). Cryptography comes from `libctx` (null: the default context), which must
// offer SHA-256, RSA and EC. Always returns a report; throws only std::bad_alloc.
Report verify(OSSL_LIB_CTX *libctx, ByteView json, const Trust &trust, const Policy &policy,
              const Expectations &expectations, VerificationTime time);

}  // namespace mhsm
