// Ties the attested key to everything that names it: the other blob, the JWK, its URL, its pool, a request,
// and what the caller holds in hand.
#pragma once

#include <optional>
#include <string>

#include "key_object.h"

namespace mhsm {

// https://<host>/keys/<name>/<version>, split. The host is in lower case and includes a port if one is given.
struct KeyUrl {
    std::string host, pool, name, version;
};
// Fails with kid_malformed. The version may be empty only if `version_optional`.
Result<KeyUrl> parse_key_url(std::string_view url, bool version_optional = false);
// A key as one asks for it: likewise, or with mhsm:// for https://. The version may be left out, and the port that
// https implies is.
Result<KeyUrl> parse_request_url(std::string_view url);

// CKA_ID as a string: everything before the first NUL, after which only NULs may follow.
// Fails with key_id_malformed.
Result<std::string> read_key_id(const KeyObject &key);

// bind.pair, including any other object that the blobs hold beside the judged two.
Outcome bind_pair(const KeyObject &private_key, const KeyObject &public_key, const Blob &private_blob,
                  const Blob &public_blob);

// bind.jwk for a key whose public half is `key` (the public object, or the secret object).
Outcome bind_jwk(const Evidence &evidence, const KeyObject &key, const std::optional<ByteView> &exponent);

// bind.kid. A bare attestation is a failure if `required`.
Outcome bind_kid(const Evidence &evidence, const KeyObject &key, bool required);

// bind.pool: `pool_root_name` is the unescaped common name of the pool root.
Outcome bind_pool(const Evidence &evidence, std::string_view pool_root_name, bool required);

// bind.request
Outcome bind_request(const Evidence &evidence, const std::optional<KeyUrl> &request);

// What the caller holds: PEM or DER of a PKCS#10 request, an X.509 certificate or a SubjectPublicKeyInfo.
enum class GivenKind { csr, certificate, public_key };
Outcome bind_given(OSSL_LIB_CTX *libctx, GivenKind kind, ByteView given, const EVP_PKEY *attested);

}  // namespace mhsm
