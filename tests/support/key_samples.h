// A key as a blob states it and as the service describes it, for tests of what ties the two together.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "blob_builder.h"
#include "core/binding.h"
#include "samples.h"

namespace mhsm::test {

inline constexpr std::string_view key_path = "/keys/name/0123456789abcdef";
inline constexpr std::string_view key_url = "https://pool.managedhsm.azure.net/keys/name/0123456789abcdef";

// One object of a key, with the storage of its values.
struct Object {
    std::vector<std::pair<std::uint32_t, Bytes>> values = {{cka::CLASS, {3}},
                                                           {cka::ID, padded(key_path, 128)},
                                                           {cka::KEY_TYPE, {0}},
                                                           {cka::MODULUS, Bytes(256, 0xc5)},
                                                           {cka::MODULUS_BITS, {0, 0, 8, 0}},
                                                           {cka::PUBLIC_EXPONENT, {1, 0, 1}},
                                                           {cka::CHECK_VALUE, {1, 2, 3}},
                                                           {cka::EXTENDED_CHECK_VALUE, Bytes(32, 7)}};

    Bytes &at(std::uint32_t type) {
        const auto found = std::ranges::find(values, type, &std::pair<std::uint32_t, Bytes>::first);
        return values.at(static_cast<std::size_t>(found - values.begin())).second;
    }
    void erase(std::uint32_t type) {
        std::erase_if(values, [type](const auto &value) { return value.first == type; });
    }
    BlobObject view() const {
        BlobObject object;
        for (const auto &[type, value] : values) object.attributes.push_back({type, ByteView(value)});
        return object;
    }
};

// A key and the service's words about it.
struct Claim {
    Object values;
    BlobObject object = values.view();
    KeyObject key;
    Evidence evidence;
    std::optional<ByteView> exponent;

    Claim() {
        key.object = &object;
        key.material = values.at(cka::MODULUS);
        exponent = ByteView(values.at(cka::PUBLIC_EXPONENT));
        auto &jwk = evidence.key.emplace();
        jwk.kid = key_url;
        jwk.kty = "RSA-HSM";
        jwk.n = base64url(Bytes(256, 0xc5));
        jwk.e = "AQAB";
        jwk.has_rsa = true;
    }
    Claim(const Claim &) = delete;
    Claim &operator=(const Claim &) = delete;
    JsonWebKey &jwk() { return *evidence.key; }
    Outcome bound() const { return bind_jwk(evidence, key, exponent); }
};

inline void make_bare(Evidence &evidence) {
    evidence.key.reset();
    evidence.bare = true;
}

}  // namespace mhsm::test
