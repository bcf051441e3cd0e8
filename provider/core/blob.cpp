#include "blob.h"

#include <openssl/rsa.h>

#include <algorithm>
#include <array>

namespace mhsm {
namespace {

constexpr std::uint32_t not_available = 0xffffffff;
constexpr std::size_t object_header_size = 12;
constexpr std::size_t attribute_header_size = 8;

Failure blob_failure(Reason reason, std::string detail) { return {reason, {}, std::move(detail)}; }

std::string expected_found(std::uint64_t expected, std::uint64_t found) {
    return "expected " + std::to_string(expected) + ", found " + std::to_string(found);
}

std::optional<RawAttribute> parse_attribute(Reader &body) {
    const auto type = body.u32();
    const auto length = body.u32();
    if (!type || !length) return std::nullopt;
    if (*length == not_available) return RawAttribute{*type, std::nullopt};
    const auto value = body.take(*length);
    return value ? std::optional(RawAttribute{*type, *value}) : std::nullopt;
}

// Why there is no attribute at the beginning of `body`.
Failure truncated_attribute(Reader body) {
    const auto type = body.u32();
    const auto length = body.u32();
    if (!type || !length) return blob_failure(Reason::blob_truncated, "an attribute begins past the end of its object");
    return blob_failure(Reason::blob_truncated, "attribute " + std::to_string(*type) + " states " +
                                                    std::to_string(*length) + " bytes, " +
                                                    std::to_string(body.remaining()) + " are left");
}

Outcome check_no_duplicates(const std::vector<RawAttribute> &attributes) {
    const auto not_rising = [](const RawAttribute &a, const RawAttribute &b) { return a.type >= b.type; };
    if (std::ranges::adjacent_find(attributes, not_rising) == attributes.end()) return Outcome::pass();
    std::vector<std::uint32_t> types;
    types.reserve(attributes.size());
    for (const auto &attribute : attributes) types.push_back(attribute.type);
    std::ranges::sort(types);
    const auto twice = std::ranges::adjacent_find(types);
    if (twice == types.end()) return Outcome::pass();
    return Outcome::fail(Reason::blob_duplicate_attribute, {}, "attribute number " + std::to_string(*twice));
}

struct SizedObject {
    BlobObject object;
    std::size_t size = 0;  // with its header
};

// handle, count, size', then `count` attributes inside size' bytes of which the rest is zero: the firmware
// reserves room for attributes that an object of this kind then does not have.
Result<SizedObject> parse_object(Reader &reader) {
    const auto handle = reader.u32();
    const auto count = reader.u32();
    const auto size = reader.u32();
    if (!handle || !count || !size) return blob_failure(Reason::blob_truncated, "no room for an object header");
    const auto body_bytes = reader.take(*size);
    if (!body_bytes)
        return blob_failure(Reason::blob_truncated, "the object states " + std::to_string(*size) + " bytes");
    if (*count > *size / attribute_header_size)
        return blob_failure(Reason::blob_size_mismatch, "no room for " + std::to_string(*count) + " attributes");

    SizedObject parsed{{*handle, {}}, object_header_size + *size};
    parsed.object.attributes.reserve(*count);
    Reader body(*body_bytes);
    for (std::uint32_t i = 0; i < *count; ++i) {
        const Reader before = body;
        const auto attribute = parse_attribute(body);
        if (!attribute) return truncated_attribute(before);
        parsed.object.attributes.push_back(*attribute);
    }
    if (!all_zero(body_bytes->subspan(body.position())))
        return blob_failure(Reason::blob_trailing_data, "after the last counted attribute");
    auto unique = check_no_duplicates(parsed.object.attributes);
    if (!unique.passed()) return Failure{unique.reason, {}, unique.detail};
    return parsed;
}

Result<Blob> parse_firmware2(ByteView data, ByteView signature) {
    constexpr std::size_t leading_zeros = 16;
    Reader reader(data);
    reader.take(leading_zeros);
    const auto size = reader.u32();
    if (!size) return blob_failure(Reason::blob_truncated, "no room for the header");
    auto object = parse_object(reader);
    if (!object) return object.failure();
    if (*size != object->size) return blob_failure(Reason::blob_size_mismatch, expected_found(object->size, *size));
    if (!all_zero(data.subspan(reader.position())))
        return blob_failure(Reason::blob_trailing_data, "in the padding after the object");
    Blob blob{Layout::firmware2, data, signature, {}};
    blob.objects.push_back(std::move(object->object));
    return blob;
}

struct Placed {
    std::size_t begin, end;
};

// Everything in the object buffer that is neither the header nor an object must be zero, and nothing twice.
Outcome check_placement(ByteView buffer, std::size_t header_size, std::vector<Placed> placed) {
    std::ranges::sort(placed, {}, &Placed::begin);
    std::size_t end = header_size;
    for (const auto &object : placed) {
        if (object.begin < end) return Outcome::fail(Reason::blob_overlap, {}, "");
        if (!all_zero(buffer.subspan(end, object.begin - end)))
            return Outcome::fail(Reason::blob_trailing_data, {}, "between objects");
        end = object.end;
    }
    if (!all_zero(buffer.subspan(end))) return Outcome::fail(Reason::blob_trailing_data, {}, "after the last object");
    return Outcome::pass();
}

// The words between the response header and the object buffer list the objects' handles.
bool lists_only_handles(ByteView words, const std::vector<BlobObject> &objects) {
    Reader reader(words);
    while (const auto word = reader.u32()) {
        const auto is_handle = [&](const BlobObject &object) { return object.handle == *word; };
        if (*word != 0 && std::ranges::none_of(objects, is_handle)) return false;
    }
    return reader.remaining() == 0;
}

Result<std::vector<BlobObject>> parse_object_buffer(ByteView buffer) {
    Reader header(buffer);
    const auto version = header.u16();
    const auto flags = header.u16();
    const auto first = header.u16();
    const auto second = header.u16();
    if (!version || !flags || !first || !second)
        return blob_failure(Reason::blob_truncated, "no room for the object header");
    if (*version != 1) return blob_failure(Reason::blob_unrecognised, "object version " + expected_found(1, *version));

    std::vector<BlobObject> objects;
    std::vector<Placed> placed;
    for (const std::size_t offset : {std::size_t{*first}, std::size_t{*second}}) {
        if (offset == 0 && !objects.empty()) continue;
        Reader reader(buffer);
        if (!reader.take(offset)) return blob_failure(Reason::blob_truncated, "an object begins past the end");
        auto object = parse_object(reader);
        if (!object) return object.failure();
        objects.push_back(std::move(object->object));
        placed.push_back({offset, offset + object->size});
    }
    const auto placement = check_placement(buffer, header.position(), std::move(placed));
    if (!placement.passed()) return Failure{placement.reason, {}, placement.detail};
    return objects;
}

Result<Blob> parse_firmware3(ByteView data, ByteView signature) {
    Reader reader(data);
    const auto response = reader.u32();
    const auto flags = reader.u32();
    const auto total = reader.u32();
    const auto buffer_size = reader.u32();
    if (!response || !flags || !total || !buffer_size)
        return blob_failure(Reason::blob_truncated, "no room for the header");
    if (*total != data.size() + signature.size())
        return blob_failure(Reason::blob_size_mismatch, expected_found(data.size() + signature.size(), *total));
    if (*response != 0) return blob_failure(Reason::blob_response_code, "response code " + std::to_string(*response));
    if (*buffer_size > reader.remaining())
        return blob_failure(Reason::blob_truncated,
                            "the object buffer states " + std::to_string(*buffer_size) + " bytes");

    const auto handles = reader.take(reader.remaining() - *buffer_size);
    const auto buffer = reader.take(*buffer_size);
    auto objects = parse_object_buffer(*buffer);
    if (!objects) return objects.failure();
    if (!lists_only_handles(*handles, *objects))
        return blob_failure(Reason::blob_trailing_data, "between the header and the object buffer");
    return Blob{Layout::firmware3, data, signature, std::move(*objects)};
}

// The layouts cannot be confused: 2.x begins with four zero words, 3.x states its non-zero length in the third.
std::optional<Layout> recognise(ByteView data, std::size_t total) {
    Reader reader(data);
    std::array<std::uint32_t, 4> words{};
    for (auto &word : words) {
        const auto read = reader.u32();
        if (!read) return std::nullopt;
        word = *read;
    }
    if (std::ranges::all_of(words, [](auto word) { return word == 0; })) return Layout::firmware2;
    // A 3.x header whose length is off is still shown as one, so that the reader learns what is off.
    const bool plausible = words[0] == 0 && words[1] <= 0xffff && words[3] != 0 && words[3] < words[2];
    return words[2] == total || plausible ? std::optional(Layout::firmware3) : std::nullopt;
}

// An operation that verifies PKCS#1 v1.5 signatures, of `digest_info` or else of a bare hash; null if refused.
EvpPkeyCtxPtr make_verification(OSSL_LIB_CTX *libctx, EVP_PKEY *key, const EVP_MD *digest_info) {
    EvpPkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(libctx, key, nullptr));
    const bool ready = context && EVP_PKEY_verify_init_ex(context.get(), nullptr) == 1 &&
                       EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
                       (digest_info == nullptr || EVP_PKEY_CTX_set_signature_md(context.get(), digest_info) == 1);
    return ready ? std::move(context) : nullptr;
}

}  // namespace

std::string_view layout_name(Layout layout) { return layout == Layout::firmware2 ? "2.x" : "3.x"; }

Result<Blob> parse_blob(ByteView bytes, std::size_t signature_size, const std::string &subject) {
    if (bytes.size() <= signature_size) return Failure{Reason::blob_truncated, subject, "shorter than its signature"};
    const auto data = bytes.first(bytes.size() - signature_size);
    const auto signature = bytes.last(signature_size);
    const auto layout = recognise(data, bytes.size());
    if (!layout) return Failure{Reason::blob_unrecognised, subject, ""};
    auto blob = *layout == Layout::firmware2 ? parse_firmware2(data, signature) : parse_firmware3(data, signature);
    if (!blob) return Failure{blob.failure().reason, subject, blob.failure().detail};
    return blob;
}

SigningKey::SigningKey(OSSL_LIB_CTX *libctx, EVP_PKEY *key) : sha256_(fetch_sha256(libctx)) {
    const ErrorScope errors;
    const int size = key != nullptr ? EVP_PKEY_get_size(key) : 0;
    if (size <= 0 || !sha256_) return;
    signature_size_ = static_cast<std::size_t>(size);
    bare_hash_ = make_verification(libctx, key, nullptr);
    digest_info_ = make_verification(libctx, key, sha256_.get());
}

bool SigningKey::signed_digest(Layout layout, const Sha256 &digest, ByteView signature) const {
    const auto &prepared = layout == Layout::firmware2 ? bare_hash_ : digest_info_;
    const EvpPkeyCtxPtr context(prepared ? EVP_PKEY_CTX_dup(prepared.get()) : nullptr);
    return context &&
           EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) == 1;
}

Outcome verify_blob_signature(const SigningKey &partition_key, const Blob &blob, const std::string &subject) {
    const ErrorScope errors;
    const bool firmware2 = blob.layout == Layout::firmware2;
    const auto other = firmware2 ? Layout::firmware3 : Layout::firmware2;
    const auto digest = partition_key.digest(blob.data);
    if (digest && partition_key.signed_digest(blob.layout, *digest, blob.signature))
        return Outcome::pass(subject, "firmware " + std::string(layout_name(blob.layout)) + " form");
    if (digest && partition_key.signed_digest(other, *digest, blob.signature))
        return Outcome::fail(Reason::signature_wrong_form, subject,
                             firmware2 ? "firmware 2.x signs the bare hash, found DigestInfo"
                                       : "firmware 3.x signs a DigestInfo, found the bare hash");
    return Outcome::fail(Reason::signature_mismatch, subject, "");
}

Outcome verify_blob_signature(OSSL_LIB_CTX *libctx, const Blob &blob, EVP_PKEY *partition_key,
                              const std::string &subject) {
    return verify_blob_signature(SigningKey(libctx, partition_key), blob, subject);
}

bool signed_by(OSSL_LIB_CTX *libctx, ByteView bytes, EVP_PKEY *key) {
    const ErrorScope errors;
    if (key == nullptr || exponent_bits(key) > ordinary_exponent_bits) return false;
    const SigningKey signer(libctx, key);
    const auto signature_size = signer.signature_size();
    if (signature_size == 0 || bytes.size() <= signature_size) return false;
    const auto digest = signer.digest(bytes.first(bytes.size() - signature_size));
    const auto signature = bytes.last(signature_size);
    return digest && (signer.signed_digest(Layout::firmware2, *digest, signature) ||
                      signer.signed_digest(Layout::firmware3, *digest, signature));
}

}  // namespace mhsm
