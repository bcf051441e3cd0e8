// What the service answered, decoded but not yet believed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "json.h"

namespace mhsm {

// The `key` member of the answer (unsigned): strings as given; absent members have no value.
struct JsonWebKey {
    std::optional<std::string> kid, kty, n, e, crv, x, y;
    bool has_secret = false;  // a `k` member, or any private RSA/EC member
    bool has_rsa = false;     // n or e, of whatever JSON type but null
    bool has_ec = false;      // crv, x or y, likewise
};

// What the service says about the key without the HSM's signature: shown, never judged.
struct ServiceClaims {
    std::optional<bool> enabled, exportable;
    std::optional<std::int64_t> created, updated, not_before, expires;  // Unix seconds
    std::optional<std::string> recovery_level;
};

struct Evidence {
    bool bare = false;              // an attestation object on its own: neither `key` nor `attributes`
    std::optional<JsonWebKey> key;  // empty when bare, or when `key` is absent or not an object
    ServiceClaims service;
    std::optional<Bytes> private_attestation, public_attestation;
    std::optional<Bytes> certificates;  // PEM text
};

// The three checks of decoding and what was decoded up to the first that failed.
struct DecodedEvidence {
    Outcome json, version, fields;
    Evidence evidence;
};

// Whether the certificates that `base64url` stands for are known, so that they need not be decoded.
using KnownCertificates = std::function<bool(std::string_view base64url)>;

// Decodes a whole REST answer, `{"attestation": {...}}` or a bare attestation object.
// Input: UTF-8 JSON of at most 1 MiB (evidence-format in docs/). Never throws but on memory exhaustion.
// Certificates that `known` answers for are left out of the evidence.
DecodedEvidence decode_evidence(ByteView json, const KnownCertificates &known = nullptr);

// Whether kty names an asymmetric (true) or a symmetric (false) key type of Managed HSM.
std::optional<bool> is_asymmetric(const std::optional<JsonWebKey> &key);

}  // namespace mhsm
