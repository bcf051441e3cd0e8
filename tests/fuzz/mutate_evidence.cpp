// The mutator of all targets that take JSON evidence: it changes what is inside the base64url members and encodes
// it again, moves members between pieces of evidence, and sometimes leaves the text to the fuzzer.
#include <algorithm>
#include <array>
#include <cstring>

#include "evidence_text.h"
#include "mutate_blob.h"
#include "property.h"

namespace mhsm::fuzz {
namespace {

constexpr std::size_t partition_key_size = 256;
constexpr auto blob_members = std::to_array<std::string_view>({"privateKeyAttestation", "publicKeyAttestation"});
constexpr auto key_members = std::to_array<std::string_view>({"n", "e", "x", "y"});
constexpr auto text_members = std::to_array<std::string_view>({"kid", "kty", "crv", "version", "recoveryLevel"});
constexpr auto all_members = std::to_array<std::string_view>(
    {"certificatePemFile", "privateKeyAttestation", "publicKeyAttestation", "kid", "kty", "n", "e", "crv", "x", "y"});

template <class List>
const auto &pick(const List &list, Chance &chance) {
    return list[chance() % list.size()];
}

Bytes mutated_bundle(const Bytes &bundle, Chance &chance) {
    auto blocks = pem_blocks(as_text(bundle));
    if (blocks.empty() || chance() % 6 == 0) return mutate_bytes(bundle, 64);
    auto &block = blocks[chance() % blocks.size()];
    switch (chance() % 4) {
        case 0: std::swap(block, blocks[chance() % blocks.size()]); break;
        case 1: block.clear(); break;
        case 2: block += blocks[chance() % blocks.size()]; break;
        default:
            if (const auto der = pem_content(block)) block = pem_certificate(mutate_bytes(*der, 16));
    }
    std::string text;
    for (const auto &one : blocks) text += one;
    return Bytes(text.begin(), text.end());
}

// A second member of the name, or the text that stands before it doubled.
void repeat_member(std::string &json, std::string_view name) {
    const auto span = find_member(json, name);
    if (!span) return;
    const auto begin = span->begin - name.size() - 4;  // the quotes and the colon
    json.insert(begin, json.substr(begin, span->begin + span->size + 1 - begin) + ",");
}

void change(std::string &json, Chance &chance) {
    const auto re_encode = [&](std::string_view name, auto changed) {
        if (const auto content = decoded_member(json, name)) replace_decoded(json, name, changed(*content));
    };
    switch (chance() % 8) {
        case 0:
        case 1:
        case 2:
            re_encode(pick(blob_members, chance),
                      [&](const Bytes &blob) { return mutate_blob(blob, partition_key_size, chance); });
            break;
        case 3:
        case 4:
            re_encode("certificatePemFile", [&](const Bytes &bundle) { return mutated_bundle(bundle, chance); });
            break;
        case 5:
            re_encode(pick(key_members, chance), [](const Bytes &number) { return mutate_bytes(number, 4); });
            break;
        case 6: {
            const auto name = pick(text_members, chance);
            const auto span = find_member(json, name);
            if (!span) break;
            const auto begin = json.begin() + static_cast<std::ptrdiff_t>(span->begin);
            const auto changed = mutate_bytes(Bytes(begin, begin + static_cast<std::ptrdiff_t>(span->size)), 8);
            json.replace(span->begin, span->size, as_text(changed));
            break;
        }
        default: repeat_member(json, pick(all_members, chance));
    }
}

std::size_t put(const std::string &text, std::uint8_t *data, std::size_t max_size) {
    const auto size = std::min(text.size(), max_size);
    std::copy_n(text.begin(), size, data);
    return size;
}

}  // namespace
}  // namespace mhsm::fuzz

extern "C" {
std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t max_size, unsigned seed);
std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t *data1, std::size_t size1, const std::uint8_t *data2,
                                      std::size_t size2, std::uint8_t *out, std::size_t max_size, unsigned seed);
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t max_size, unsigned seed) {
    mhsm::fuzz::Chance chance(seed + 1);
    if (chance() % 5 == 0) return LLVMFuzzerMutate(data, size, max_size);
    std::string json(data, data + size);
    mhsm::fuzz::change(json, chance);
    return mhsm::fuzz::put(json, data, max_size);
}

// Takes one member from the other evidence.
std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t *data1, std::size_t size1, const std::uint8_t *data2,
                                      std::size_t size2, std::uint8_t *out, std::size_t max_size, unsigned seed) {
    using namespace mhsm::fuzz;
    Chance chance(seed + 1);
    std::string json(data1, data1 + size1);
    const std::string other(data2, data2 + size2);
    const auto name = pick(all_members, chance);
    if (const auto span = find_member(other, name))
        replace_member(json, name, std::string_view(other).substr(span->begin, span->size));
    return put(json, out, max_size);
}
