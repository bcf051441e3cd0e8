// A certificate authority that lives as long as the emulator, and the certificates under it.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "keys.h"

namespace emulator {

using Key = std::unique_ptr<EVP_PKEY, forge::Deleter<EVP_PKEY_free>>;
using X509Handle = std::unique_ptr<X509, forge::Deleter<X509_free>>;

struct KeyPair {
    Key key;
    X509Handle certificate;
};

KeyPair make_authority();
// Valid for the DNS names given and for 127.0.0.1.
KeyPair make_server(const KeyPair &authority, const std::vector<std::string> &dns_names);
// Self-signed, for applications that authenticate with a certificate; RSA, because PS256 needs it.
KeyPair make_client();

std::string certificate_pem(const KeyPair &pair);
std::string private_key_pem(const KeyPair &pair);
std::string thumbprint(const X509 &certificate);  // base64url SHA-256, the x5t#S256 of a JWT

}  // namespace emulator
