// The committed test keys, and the raw operations on them that the forge needs.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bytes.h"

namespace forge {

template <auto Free>
struct Deleter {
    template <class T>
    void operator()(T *object) const {
        Free(object);
    }
};

struct EmbeddedPem {
    std::string_view name, text;
};
const std::vector<EmbeddedPem> &embedded_pems();
std::string_view embedded_pem(std::string_view name);

// A private key by the name of its file, e.g. "adapter". Loaded once, owned by the library.
EVP_PKEY *test_key(std::string_view name);

// Public material, big-endian without leading zeros, as found in the key.
Bytes rsa_modulus(std::string_view key);
Bytes rsa_exponent(std::string_view key);
Bytes ec_point(std::string_view key);         // 04 || X || Y
Bytes public_key_info(std::string_view key);  // DER SubjectPublicKeyInfo
Bytes raw_public_key(std::string_view key);   // the contents of its BIT STRING

// PKCS#1 v1.5 block type 1 over the SHA-256 of `data`.
enum class SignatureForm {
    bare_hash,   // the 32 bytes alone: firmware 2.x
    digest_info  // ordinary sha256WithRSA: firmware 3.x
};
Bytes sign(std::string_view rsa_key, const Bytes &data, SignatureForm form);
// The RSA private operation on a block of the size of the key, without any padding of its own.
Bytes sign_block(std::string_view rsa_key, const Bytes &block);

// Throws std::runtime_error if `ok` is false.
void require(bool ok, const char *what);

}  // namespace forge
