// Encodings of PKCS#11 attributes, taken apart with libcrypto, to compare with what the module makes.
#pragma once

#include <openssl/core_names.h>

#include "cmocka_cpp.h"
#include "core/certificate.h"

namespace mhsm::test {

using Freed = Deleter<[](void *p) { OPENSSL_free(p); }>;
using OctetStringPtr = std::unique_ptr<ASN1_OCTET_STRING, Deleter<ASN1_OCTET_STRING_free>>;

inline Bytes octet_string_content(const Bytes &der) {
    const auto *cursor = der.data();
    const OctetStringPtr string(d2i_ASN1_OCTET_STRING(nullptr, &cursor, static_cast<long>(der.size())));
    CHECK(string && cursor == der.data() + der.size());
    const auto *data = ASN1_STRING_get0_data(string.get());
    return {data, data + ASN1_STRING_length(string.get())};
}

// 04||X||Y of a DER SubjectPublicKeyInfo.
inline Bytes public_point(const Bytes &der) {
    const auto *cursor = der.data();
    const EvpPkeyPtr key(d2i_PUBKEY(nullptr, &cursor, static_cast<long>(der.size())));
    CHECK(key != nullptr);
    Bytes point(200);
    std::size_t size = 0;
    CHECK_EQ(EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &size), 1);
    point.resize(size);
    return point;
}

inline Bytes name_der(const X509_NAME *name) {
    unsigned char *encoded = nullptr;
    const int size = i2d_X509_NAME(name, &encoded);
    const std::unique_ptr<unsigned char, Freed> owner(encoded);
    CHECK(size > 0);
    return {encoded, encoded + size};
}

}  // namespace mhsm::test
