// The forgeries that need arithmetic.
#pragma once

#include <string>

#include "scene.h"

namespace forge {

// Adds the modulus to the signature of the blob; varies the handle of its object until the sum fits.
void add_modulus_to_signature(Scene &scene, SignedBlob &blob, Object &object);

// Puts in place of the signature a number whose cube ends in the SHA-256 of the data, which anybody can
// find for a key with e = 3; varies the handle of the object until there is one.
void forge_with_cube_root(Scene &scene, SignedBlob &blob, Object &object);

// Sets an unused bit of the last character of an unpadded base64url string (in quotes).
void set_unused_base64_bits(std::string &quoted_text);

}  // namespace forge
