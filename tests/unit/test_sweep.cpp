// No single changed bit or character of genuine evidence may go unnoticed.
//
// Every bit goes through the very stages that judge it; every n-th goes through the whole of verify(), which takes
// milliseconds in a debug build because libcrypto decodes a public key that slowly. n is MHSM_SWEEP_STRIDE of the
// environment, 7 by default (odd, so that every bit position of a byte has its turn). 1 is exhaustive and takes some
// minutes; builds with sanitizers use a coarser one, which thins out the stages too.
#include <algorithm>
#include <cstdlib>
#include <functional>

#include "outcomes.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

constexpr std::size_t default_stride = 7;

std::size_t verify_stride() {
    const char *text = std::getenv("MHSM_SWEEP_STRIDE");
    const auto value = text != nullptr ? std::strtoul(text, nullptr, 10) : 0UL;
    return value > 0 ? value : default_stride;
}
std::size_t stage_stride() { return std::max<std::size_t>(1, verify_stride() / default_stride); }

// The one root that the evidence needs, parsed once.
const Trust &trust() {
    static const Trust value = [] {
        auto made = sample_trust();
        made.embedded_hsm_roots = false;
        made.hsm_roots = std::move(*parse_anchors(nullptr, as_bytes(embedded_hsm_roots()[0].pem)));
        return made;
    }();
    return value;
}

bool verifies(std::string_view json) { return verdict(verify_sample(json, trust())) == Verdict::verified; }

using Accepts = std::function<bool(const Bytes &)>;

// Flips bits of `content`, one at a time; none may be accepted.
void sweep_bits(Bytes content, std::size_t stride, const Accepts &accepts) {
    CHECK(accepts(content));
    for (std::size_t bit = 0; bit < content.size() * 8; bit += stride) {
        const auto mask = static_cast<std::uint8_t>(1U << (bit % 8));
        content[bit / 8] ^= mask;
        if (accepts(content))
            FAIL_TEST("accepted with bit " + std::to_string(bit % 8) + " of byte " + std::to_string(bit / 8) +
                      " flipped");
        content[bit / 8] ^= mask;
    }
    CHECK(accepts(content));
}

void sweep_blob(const char *member, const Bytes &content) {
    const auto certificate = parse_certificate(nullptr, sample_parts().ders.at(1));
    EVP_PKEY *partition_key = X509_get0_pubkey(certificate.get());
    sweep_bits(content, stage_stride(), [&](const Bytes &changed) {
        const auto blob = parse_blob(changed, 256, "blob");
        return blob.ok() && verify_blob_signature(nullptr, *blob, partition_key, "blob").passed();
    });
    sweep_bits(content, verify_stride(), [&](const Bytes &changed) { return verifies(with_member(member, changed)); });
}

// The stages that judge certificates, up to the signature made with the partition key.
bool chains_accept(const std::vector<X509Ptr> &bundle) {
    const auto any = [](EVP_PKEY *) { return true; };
    const auto chains = choose_chains(bundle, trust().hsm_roots, sample_time, any);
    if (!chains.hw_chain.passed() || !chains.owner_chain.passed()) return false;
    const auto &blob = sample_parts().private_attestation;
    return check_validity({chains.hsm_root, chains.adapter, chains.partition}, sample_time).passed() &&
           check_validity({chains.pool_root, chains.owner_partition}, sample_time).passed() &&
           authenticate_owner(nullptr, chains.pool_root, trust()).outcome.passed() &&
           check_partition_key_strength(chains.partition).passed() &&
           check_partition_keys_agree(chains.partition, chains.owner_partition).passed() &&
           signed_by(nullptr, blob, X509_get0_pubkey(chains.partition));
}

void sweep_certificate(std::size_t index) {
    const ErrorScope errors;  // the failures of libcrypto are expected here
    const auto &ders = sample_parts().ders;
    CHECK_EQ(ders.size(), 4U);
    std::vector<X509Ptr> bundle;
    for (const auto &der : ders) bundle.push_back(parse_certificate(nullptr, der));
    sweep_bits(ders[index], stage_stride(), [&](const Bytes &changed) {
        bundle[index] = parse_certificate(nullptr, changed);
        return bundle[index] != nullptr && chains_accept(bundle);
    });
    sweep_bits(ders[index], verify_stride(), [&](const Bytes &changed) {
        std::string text;
        for (std::size_t i = 0; i < ders.size(); ++i) text += pem("CERTIFICATE", i == index ? changed : ders[i]);
        return verifies(with_member("certificatePemFile", as_bytes(text)));
    });
}

// Where the text of a member begins in the evidence, and how long it is.
struct Span {
    std::size_t begin, size;
};
Span find_member(const std::string &json, std::string_view name) {
    const std::string key = "\"" + std::string(name) + "\"";
    const auto at = json.find(key);
    CHECK(at != std::string::npos && json.find(key, at + 1) == std::string::npos);
    const auto begin = json.find('"', json.find(':', at)) + 1;
    return {begin, json.find('"', begin) - begin};
}

char other_character(char c) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const auto at = alphabet.find(c);
    return at == std::string_view::npos ? 'A' : alphabet[(at + 1) % alphabet.size()];
}

using Ignored = std::function<bool(std::size_t offset)>;

// Replaces characters of a member by others of the alphabet. Where `ignored` says that the character has no meaning,
// the evidence must still be verified.
void sweep_characters(std::string_view name, std::size_t stride, const Ignored &ignored = {}) {
    auto json = restored_evidence();
    const auto span = find_member(json, name);
    CHECK(span.size > 0);
    for (std::size_t i = 0; i < span.size; i += stride) {
        auto &c = json[span.begin + i];
        const char original = c;
        c = other_character(c);
        const bool meaningless = ignored && ignored(i);
        if (verifies(json) != meaningless)
            FAIL_TEST((meaningless ? "not verified" : "verified") + std::string(" with character ") +
                      std::to_string(i) + " of " + std::string(name) + " changed from " + original + " to " + c);
        c = original;
    }
}

void check_still_verifies(std::string_view from, std::string_view to, const char *why) {
    const Context context(why);
    auto json = restored_evidence();
    replace_once(json, from, to);
    CHECK(verifies(json));
}

void check_bundle_still_verifies(const std::string &bundle, const char *why) {
    const Context context(why);
    CHECK(bundle != sample_parts().certificates);
    CHECK(verifies(with_member("certificatePemFile", as_bytes(bundle))));
}

}  // namespace

TEST(bits_of_private_attestation) { sweep_blob("privateKeyAttestation", sample_parts().private_attestation); }
TEST(bits_of_public_attestation) { sweep_blob("publicKeyAttestation", sample_parts().public_attestation); }
TEST(bits_of_adapter) { sweep_certificate(0); }
TEST(bits_of_partition) { sweep_certificate(1); }
TEST(bits_of_pool_root) { sweep_certificate(2); }
TEST(bits_of_owner_partition) { sweep_certificate(3); }

TEST(characters_of_attestations) {
    sweep_characters("privateKeyAttestation", stage_stride());
    sweep_characters("publicKeyAttestation", stage_stride());
}

TEST(characters_of_bundle) {
    // The last two characters carry the newline after the last certificate: white space around PEM blocks.
    const auto last = find_member(restored_evidence(), "certificatePemFile").size - 1;
    sweep_characters("certificatePemFile", 2 * stage_stride(), [&](std::size_t i) { return i + 1 == last; });
}

TEST(characters_of_key_members) {
    for (const auto *name : {"version", "kty", "n", "e"}) sweep_characters(name, 1);
    // Neither the HSM nor the pool root states the domain of the pool: only its first label is bound (bind.pool).
    // Who asked by -uri gets the whole host compared (bind.request).
    const auto domain = std::string_view("https://").size() + sample_pool.size() + 1;
    const auto path = restored_kid.find("/keys/");
    sweep_characters("kid", 1, [&](std::size_t i) { return i >= domain && i < path; });
}

TEST(changes_that_mean_nothing) {
    check_still_verifies("\"created\":1746685312", "\"created\":1", "unsigned statement of the service");
    check_still_verifies("\"updated\":1746685312", "\"updated\":1", "unsigned statement of the service");
    check_still_verifies("\"enabled\":true", "\"enabled\":false", "unsigned statement of the service");
    check_still_verifies("\"exportable\":false", "\"exportable\":true", "unsigned; CKA_EXTRACTABLE decides");
    check_still_verifies("\"recoverableDays\":7", "\"recoverableDays\":90", "unsigned statement of the service");
    check_still_verifies("CustomizedRecoverable+Purgeable", "Purgeable", "unsigned statement of the service");
    check_still_verifies("\"decrypt\"", "\"sign\"", "key_ops is unsigned; the attributes decide");
    check_still_verifies("https://" + std::string(sample_pool), "HTTPS://CLITESTHSMKEYATSBVZPFRZM",
                         "scheme and host of a URL have no case");
    check_still_verifies("\"kid\"", "\"tags\": {\"a\": \"b\"}, \"kid\"", "members that nobody reads");
    check_still_verifies("\"AQAB\"", "\"AAEAAQ\"", "a leading zero byte of a number");
    check_still_verifies("\"kty\"", "\n\t \"kty\"", "white space of JSON");
}

TEST(changes_of_the_bundle_that_mean_nothing) {
    const auto &ders = sample_parts().ders;
    const auto block = [&](std::size_t i) { return pem("CERTIFICATE", ders.at(i)); };
    check_bundle_still_verifies(block(3) + block(2) + block(1) + block(0), "the order of certificates");
    check_bundle_still_verifies(block(0) + block(1) + block(2) + block(3) + block(1), "the same certificate twice");
    check_bundle_still_verifies("Subject: CN = x\n" + block(0) + block(1) + "\n\n" + block(2) + block(3) + "end",
                                "text around the blocks");
    auto crlf = sample_parts().certificates;
    for (auto at = crlf.find('\n'); at != std::string::npos; at = crlf.find('\n', at + 2)) crlf.insert(at, "\r");
    check_bundle_still_verifies(crlf, "line ends");
    check_bundle_still_verifies(sample_parts().certificates + std::string(embedded_hsm_roots()[0].pem),
                                "the Marvell root itself");
}
