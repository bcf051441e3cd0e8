// Shows that the forge writes what real HSMs write, and always the same.
#include <cjson/cJSON.h>
#include <openssl/evp.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "attributes.h"
#include "forge.h"
#include "keys.h"

// The order of these is CMocka's requirement.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
extern "C" {
#include <cmocka.h>
}
#undef fail
#undef skip

namespace {

using forge::Bytes;

constexpr std::size_t real_signature_size = 256;
constexpr std::uint32_t not_available = 0xffffffff;

void check(bool ok, const std::string &what) {
    if (!ok) throw std::runtime_error(what);
}

Bytes decode_base64url(std::string text) {
    std::replace(text.begin(), text.end(), '-', '+');
    std::replace(text.begin(), text.end(), '_', '/');
    const std::size_t padding = (4 - text.size() % 4) % 4;
    text.append(padding, '=');
    Bytes result(text.size() / 4 * 3);
    const Bytes input = forge::to_bytes(text);
    const int size = EVP_DecodeBlock(result.data(), input.data(), static_cast<int>(input.size()));
    check(size >= 0, "not base64url");
    result.resize(static_cast<std::size_t>(size) - padding);
    return result;
}

// The signed data of one member of the real answer.
Bytes real_data(const char *member) {
    std::ifstream file(VECTORS_DIR "/azure/rsa-2048-fw2.json", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::unique_ptr<cJSON, forge::Deleter<cJSON_Delete>> json(cJSON_Parse(text.c_str()));
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json.get(), "attributes");
    item = cJSON_GetObjectItemCaseSensitive(item, "attestation");
    const char *encoded = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, member));
    check(encoded != nullptr, "the real answer is not there");
    Bytes blob = decode_base64url(encoded);
    blob.resize(blob.size() - real_signature_size);
    return blob;
}

forge::Object decode_firmware2(const Bytes &data) {
    forge::Object object;
    object.handle = forge::get_be32(data, 20);
    std::size_t at = forge::firmware2_attributes;
    for (auto left = forge::get_be32(data, forge::firmware2_count); left > 0; --left) {
        forge::Attribute attribute;
        attribute.type = forge::get_be32(data, at);
        const auto length = forge::get_be32(data, at + 4);
        at += 8;
        if (length != not_available) {
            const auto begin = data.begin() + static_cast<std::ptrdiff_t>(at);
            attribute.value = Bytes(begin, begin + static_cast<std::ptrdiff_t>(length));
            at += length;
        }
        object.attributes.push_back(attribute);
    }
    return object;
}

struct RealMember {
    const char *name;
    std::size_t slack;
};
constexpr RealMember real_members[] = {{"privateKeyAttestation", 16}, {"publicKeyAttestation", 25}};
constexpr std::size_t real_padding = 264;

void writer_repeats_real_bytes() {
    for (const auto &member : real_members) {
        const Bytes real = real_data(member.name);
        check(forge::firmware2_data(decode_firmware2(real), member.slack, real_padding) == real, member.name);
    }
}

// The forge's own list of attributes, given the values that are peculiar to the real key, is the real blob.
void attribute_lists_are_the_real_ones() {
    for (const auto &member : real_members) {
        const Bytes real = real_data(member.name);
        forge::Object decoded = decode_firmware2(real);
        const bool is_private = decoded.value(forge::cka::object_class).at(0) == 3;
        const std::string id = forge::to_text(decoded.value(forge::cka::id));
        const forge::Identity identity{decoded.handle - (is_private ? 1 : 0),
                                       id.substr(0, id.find('\0')),
                                       decoded.value(forge::cka::check_value),
                                       {}};
        const auto make = is_private ? forge::private_object : forge::public_object;
        forge::Object made = make(forge::key_kind("rsa-2048"), forge::Layout::firmware2, identity);
        made.set(forge::cka::modulus, decoded.value(forge::cka::modulus));
        check(forge::firmware2_data(made, member.slack, real_padding) == real, member.name);
    }
}

void firmware3_layout() {
    const forge::Object first{1, {{0x0000, Bytes{2}}}};
    const forge::Object second{2, {{0x0000, Bytes{3}}, {0x0164, std::nullopt}}};
    const std::string header = "00000000000000030000015a0000003a";  // code, flags, total and buffer size
    const std::string handles = "00000000000000010000000000000002";
    const std::string offsets = "000100030008001d";  // after version and flags
    const std::string first_bytes = "000000010000000100000009000000000000000102";
    const std::string second_bytes = "00000002000000020000001100000000000000010300000164ffffffff";
    const std::string expected = header + handles + offsets + first_bytes + second_bytes;
    check(forge::hex(forge::firmware3_data({first, second}, 256)) == expected, "3.x");
}

void cases_are_deterministic() {
    for (const char *name :
         {"genuine-rsa-2048-fw2", "genuine-p-521-fw3", "given-csr-pem", "signature-plus-modulus-private-fw2"}) {
        const auto once = forge::mint(name, 5);
        const auto again = forge::mint(name, 5);
        check(once.evidence == again.evidence && once.options.csr == again.options.csr, name);
        check(once.evidence != forge::mint(name, 6).evidence, name);
    }
}

void cases_are_complete() {
    std::set<std::string> names;
    for (const auto &made : forge::mint_all(9)) {
        check(names.insert(made.name).second, "twice: " + made.name);
        check(!made.description.empty(), "no description: " + made.name);
        check(made.verifies || (!made.check.empty() && !made.reason.empty()), "no expectation: " + made.name);
        check(made.check.empty() == made.reason.empty(), "half an expectation: " + made.name);
        check(!made.options.hsm_root.empty(), "no hardware root: " + made.name);
    }
    check(names.size() == forge::list_cases().size(), "the list and the cases differ");
}

using Body = void (*)();

// Everything with a destructor is gone when this returns, because CMocka leaves a test with longjmp.
bool passes(Body body) {
    try {
        body();
        return true;
    } catch (const std::exception &problem) {
        print_error("%s\n", problem.what());
        return false;
    }
}

template <Body body>
void run(void **) {
    if (!passes(body)) _fail(__FILE__, __LINE__);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(run<writer_repeats_real_bytes>), cmocka_unit_test(run<attribute_lists_are_the_real_ones>),
        cmocka_unit_test(run<firmware3_layout>),          cmocka_unit_test(run<cases_are_deterministic>),
        cmocka_unit_test(run<cases_are_complete>),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
