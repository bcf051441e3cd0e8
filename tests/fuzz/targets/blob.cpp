// Blobs of both layouts: what was understood accounts for every byte of what is signed.
#include "core/blob.h"

#include <algorithm>

#include "bytes.h"
#include "mutate_blob.h"
#include "property.h"

using namespace mhsm;

namespace {

constexpr std::size_t signature_size = 256;
constexpr std::size_t header_size = 16;

Bytes encode(const BlobObject &object) {
    Bytes body;
    for (const auto &attribute : object.attributes) {
        forge::append(body, forge::be32(attribute.type));
        forge::append(body,
                      forge::be32(attribute.value ? static_cast<std::uint32_t>(attribute.value->size()) : 0xffffffff));
        if (attribute.value) forge::append(body, Bytes(attribute.value->begin(), attribute.value->end()));
    }
    return body;
}

// The bytes of an object as the blob must hold them somewhere: handle, count, size', attributes.
void require_present(const Blob &blob, const BlobObject &object) {
    const auto body = encode(object);
    auto start = forge::be32(object.handle);
    forge::append(start, forge::be32(static_cast<std::uint32_t>(object.attributes.size())));
    const auto data = as_text(blob.data);
    for (auto at = data.find(as_text(start)); at != std::string_view::npos; at = data.find(as_text(start), at + 1)) {
        const auto rest = data.substr(at + start.size());
        if (rest.size() >= 4 && rest.substr(4).starts_with(as_text(body))) return;
    }
    fuzz::require(false, "an object is encoded in the blob as it was understood");
}

std::size_t non_zero(ByteView bytes) {
    std::size_t count = 0;
    for (const auto byte : bytes) count += byte != 0;
    return count;
}

// Bytes that mean nothing are zero: those left when objects and header are taken away.
void require_accounted(const Blob &blob) {
    std::size_t understood = 0;
    for (const auto &object : blob.objects) {
        require_present(blob, object);
        understood += non_zero(encode(object)) + non_zero(forge::be32(object.handle)) +
                      non_zero(forge::be32(static_cast<std::uint32_t>(object.attributes.size())));
    }
    // Sizes, offsets, versions and flags, and in firmware 3.x the list of handles.
    const auto room = blob.layout == Layout::firmware2 ? 4 + 4 : header_size + 8 + 2 * 4;
    const auto listed = blob.layout == Layout::firmware2 ? 0 : blob.data.size() - understood;
    fuzz::require(non_zero(blob.data) <= understood + room + listed, "every byte is understood or zero");
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t max_size,
                                               unsigned seed);
std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t max_size, unsigned seed) {
    fuzz::Chance chance(seed + 1);
    if (chance() % 3 == 0) return LLVMFuzzerMutate(data, size, max_size);
    const auto changed = fuzz::mutate_blob(Bytes(data, data + size), signature_size, chance);
    const auto used = std::min(changed.size(), max_size);
    std::copy_n(changed.begin(), used, data);
    return used;
}

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const ByteView bytes(data, size);
    for (const auto signature : {signature_size, std::size_t{0}, std::size_t{512}}) {
        const auto blob = parse_blob(bytes, signature, "blob");
        if (!blob) continue;
        fuzz::require(blob->data.size() + blob->signature.size() == size && blob->data.data() == data,
                      "data and signature are the blob");
        fuzz::require(!blob->objects.empty() && blob->objects.size() <= (blob->layout == Layout::firmware2 ? 1U : 2U),
                      "one object, or two in firmware 3.x");
        require_accounted(*blob);
    }
    return 0;
}
