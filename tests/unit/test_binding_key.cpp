// The two blobs and the JWK describe the same key.
#include "key_samples.h"
#include "outcomes.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

struct Halves {
    Object private_half, public_half;

    Halves() { public_half.at(cka::CLASS) = {2}; }
    Outcome paired() const {
        const Blob private_blob{Layout::firmware2, {}, {}, {private_half.view()}};
        const Blob public_blob{Layout::firmware2, {}, {}, {public_half.view()}};
        KeyObject private_key, public_key;
        private_key.object = &private_blob.objects[0];
        public_key.object = &public_blob.objects[0];
        return bind_pair(private_key, public_key, private_blob, public_blob);
    }
};

struct EcClaim : Claim {
    Bytes point = Bytes(65, 0x11);

    EcClaim() {
        point[0] = 4;
        point[1] = 0;  // x with a leading zero
        key.type = KeyType::ec;
        key.curve = curve_by_name("P-256");
        key.material = point;
        exponent.reset();
        jwk() = {};
        jwk().kty = "EC-HSM";
        jwk().has_ec = true;
        jwk().crv = "P-256";
        jwk().x = base64url(ByteView(point).subspan(1, 32));
        jwk().y = base64url(ByteView(point).last(32));
    }
};

struct AesClaim : Claim {
    AesClaim() {
        key.type = KeyType::aes;
        key.material = {};
        exponent.reset();
        jwk() = {};
        jwk().kty = "oct-HSM";
    }
};

}  // namespace

TEST(halves_of_one_key_pair_up) {
    Halves halves;
    CHECK_PASSES(halves.paired());
    CHECK_EQ(halves.paired().detail, "RSA, CKA_ID, key material and check value agree");
    halves.private_half.erase(cka::PUBLIC_EXPONENT);  // stated by one only
    halves.public_half.erase(cka::EXTENDED_CHECK_VALUE);
    CHECK_PASSES(halves.paired());
}

TEST(halves_that_differ_name_the_attribute) {
    for (const auto type : {cka::ID, cka::KEY_TYPE, cka::MODULUS, cka::MODULUS_BITS, cka::PUBLIC_EXPONENT,
                            cka::CHECK_VALUE, cka::EXTENDED_CHECK_VALUE}) {
        Halves halves;
        halves.public_half.at(type)[0] ^= 1;
        CHECK_FAILS(halves.paired(), Reason::pair_differs, attribute_name(type), "");
        halves = {};
        halves.private_half.at(type).push_back(0);
        CHECK_FAILS(halves.paired(), Reason::pair_differs, attribute_name(type), "");
    }
}

TEST(halves_must_state_what_ties_them) {
    for (const auto type : {cka::ID, cka::KEY_TYPE, cka::MODULUS, cka::MODULUS_BITS, cka::CHECK_VALUE}) {
        Halves halves;
        halves.public_half.erase(type);
        CHECK_FAILS(halves.paired(), Reason::pair_attribute_absent, attribute_name(type), "absent in one of the two");
        halves.private_half.erase(type);
        CHECK_FAILS(halves.paired(), Reason::pair_attribute_absent, attribute_name(type), "absent in both");
    }
}

TEST(every_other_object_of_the_blobs_must_agree_too) {
    Object stranger;
    stranger.at(cka::MODULUS)[9] ^= 1;
    const Object own;
    for (const bool in_private : {true, false}) {
        Blob private_blob{Layout::firmware3, {}, {}, {own.view()}};
        Blob public_blob{Layout::firmware3, {}, {}, {own.view()}};
        (in_private ? private_blob : public_blob).objects.push_back(stranger.view());
        KeyObject private_key, public_key;
        private_key.object = &private_blob.objects[0];
        public_key.object = &public_blob.objects[0];
        CHECK_FAILS(bind_pair(private_key, public_key, private_blob, public_blob), Reason::pair_differs, "CKA_MODULUS",
                    "");
    }
}

// A second copy could say of the same key that it may leave the HSM.
TEST(a_second_copy_of_a_half_must_say_the_same_throughout) {
    Object own, own_public;
    own_public.at(cka::CLASS) = {2};
    for (auto *half : {&own, &own_public}) half->values.push_back({cka::EXTRACTABLE, {0}});
    const auto paired_with = [&](const Object &copy) {
        const Blob private_blob{Layout::firmware3, {}, {}, {own.view()}};
        const Blob public_blob{Layout::firmware3, {}, {}, {own_public.view(), copy.view()}};
        KeyObject private_key, public_key;
        private_key.object = &private_blob.objects[0];
        public_key.object = &public_blob.objects[0];
        return bind_pair(private_key, public_key, private_blob, public_blob);
    };
    CHECK_PASSES(paired_with(own));
    CHECK_PASSES(paired_with(own_public));
    for (auto copy : {own, own_public}) {
        copy.at(cka::EXTRACTABLE) = {1};
        CHECK_FAILS(paired_with(copy), Reason::pair_differs, "CKA_EXTRACTABLE", "in a second copy");
        copy.erase(cka::EXTRACTABLE);
        CHECK_FAILS(paired_with(copy), Reason::pair_differs, "CKA_EXTRACTABLE", "in a second copy");
        copy = own;
        copy.values.push_back({cka::LOCAL, {0}});
        CHECK_FAILS(paired_with(copy), Reason::pair_differs, "CKA_LOCAL", "in a second copy");
    }
}

TEST(an_rsa_jwk_is_the_attested_key) {
    Claim claim;
    CHECK_PASSES(claim.bound());
    CHECK_EQ(claim.bound().detail, "the attested key");
    claim.jwk().e = "AAEAAQ";  // a leading zero changes no number
    CHECK_PASSES(claim.bound());
    claim.jwk().e = "Aw";
    CHECK_FAILS(claim.bound(), Reason::jwk_differs, "key.e", "");
    claim.jwk().n = base64url(Bytes(255, 0xc5));
    CHECK_FAILS(claim.bound(), Reason::jwk_differs, "key.n", "");
}

TEST(an_rsa_jwk_must_be_complete_and_clean) {
    for (const auto &[member, subject] : {std::pair{&JsonWebKey::n, "key.n"}, std::pair{&JsonWebKey::e, "key.e"},
                                          std::pair{&JsonWebKey::kty, "key.kty"}}) {
        Claim claim;
        (claim.jwk().*member).reset();
        CHECK_FAILS(claim.bound(), Reason::jwk_missing_member, subject, "");
    }
    Claim claim;
    claim.jwk().n = "+/";
    CHECK_FAILS(claim.bound(), Reason::jwk_bad_encoding, "key.n", "at offset 0");
    claim.jwk().n = "AA\nAA";
    CHECK_FAILS(claim.bound(), Reason::jwk_bad_encoding, "key.n", "at offset 2");
    claim.jwk().has_secret = true;
    CHECK_FAILS(claim.bound(), Reason::jwk_unexpected_member, "key", "private or secret key material");
}

TEST(an_ec_jwk_is_the_attested_key) {
    EcClaim claim;
    CHECK_PASSES(claim.bound());
    claim.jwk().x = base64url(ByteView(claim.point).subspan(2, 31));  // its leading zero left out
    CHECK_PASSES(claim.bound());
    std::swap(claim.jwk().x, claim.jwk().y);
    CHECK_FAILS(claim.bound(), Reason::jwk_differs, "key.x", "");
}

TEST(an_ec_jwk_must_be_complete) {
    for (const auto &[member, subject] : {std::pair{&JsonWebKey::crv, "key.crv"}, std::pair{&JsonWebKey::x, "key.x"},
                                          std::pair{&JsonWebKey::y, "key.y"}}) {
        EcClaim claim;
        (claim.jwk().*member).reset();
        CHECK_FAILS(claim.bound(), Reason::jwk_missing_member, subject, "");
    }
    EcClaim claim;
    claim.jwk().y = claim.jwk().x;
    CHECK_FAILS(claim.bound(), Reason::jwk_differs, "key.y", "");
    claim.jwk().crv = "P-256K";
    CHECK_FAILS(claim.bound(), Reason::jwk_differs, "key.crv", "expected P-256, found P-256K");
}

TEST(a_symmetric_jwk_holds_no_material) {
    CHECK_PASSES(AesClaim{}.bound());
    CHECK_EQ(AesClaim{}.bound().detail, "symmetric: nothing contradicts");
    for (const auto kind : {&JsonWebKey::has_rsa, &JsonWebKey::has_ec}) {
        AesClaim claim;
        claim.jwk().*kind = true;
        CHECK_FAILS(claim.bound(), Reason::jwk_unexpected_member, "key", "public key material");
    }
    AesClaim claim;
    claim.jwk().has_secret = true;
    CHECK_FAILS(claim.bound(), Reason::jwk_unexpected_member, "key", "private or secret key material");
}

TEST(a_jwk_holds_material_of_one_kind) {
    Claim rsa;
    rsa.jwk().has_ec = true;
    CHECK_FAILS(rsa.bound(), Reason::jwk_unexpected_member, "key", "key material of another key type");
    EcClaim ec;
    ec.jwk().has_rsa = true;
    CHECK_FAILS(ec.bound(), Reason::jwk_unexpected_member, "key", "key material of another key type");
}

TEST(a_bare_attestation_needs_no_jwk_but_a_broken_key_does) {
    Claim claim;
    claim.evidence.key.reset();
    CHECK_FAILS(claim.bound(), Reason::jwk_missing_member, "key", "");
    make_bare(claim.evidence);
    CHECK_SKIPS(claim.bound(), Reason::bare_attestation, true);
}
