#include "samples.h"

#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

#include "core/base64url.h"
#include "outcomes.h"

namespace mhsm::test {
namespace {

constexpr std::string_view standard_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode(ByteView bytes, std::string_view alphabet) {
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t group = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t bits = 0;
        for (std::size_t j = 0; j < 3; ++j) bits = (bits << 8U) | (j < group ? bytes[i + j] : 0U);
        for (std::size_t j = 0; j <= group; ++j) text += alphabet[(bits >> (18U - 6U * j)) & 63U];
    }
    return text;
}

// The text of a member whose value is a string without escapes.
std::string member_text(std::string_view json, std::string_view name) {
    const std::string key = "\"" + std::string(name) + "\"";
    const auto colon = json.find(':', json.find(key) + key.size());
    const auto begin = json.find('"', colon) + 1;
    return std::string(json.substr(begin, json.find('"', begin) - begin));
}

SampleParts take_apart(const std::string &json) {
    SampleParts parts;
    parts.private_attestation = base64url_decode(member_text(json, "privateKeyAttestation")).value();
    parts.public_attestation = base64url_decode(member_text(json, "publicKeyAttestation")).value();
    const auto bundle = base64url_decode(member_text(json, "certificatePemFile")).value();
    parts.certificates = std::string(as_text(bundle));
    parts.ders = split_bundle(parts.certificates);
    return parts;
}

}  // namespace

std::string read_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool file_exists(const std::string &path) { return std::ifstream(path).good(); }

std::string gunzip(const std::string &path) {
    const auto close = [](std::FILE *pipe) { pclose(pipe); };
    const std::unique_ptr<std::FILE, decltype(close)> pipe(popen(("gzip -dc '" + path + "'").c_str(), "r"), close);
    if (!pipe) throw std::runtime_error("cannot run gzip");
    std::string content;
    std::array<char, 4096> chunk{};
    while (const auto size = std::fread(chunk.data(), 1, chunk.size(), pipe.get())) content.append(chunk.data(), size);
    return content;
}

std::string base64url(ByteView bytes) { return encode(bytes, url_alphabet); }

std::string base64(ByteView bytes) {
    auto text = encode(bytes, standard_alphabet);
    text.append((4 - text.size() % 4) % 4, '=');
    return text;
}

std::string pem(std::string_view label, ByteView der) {
    constexpr std::size_t line = 64;
    const auto text = base64(der);
    std::string block = "-----BEGIN " + std::string(label) + "-----\n";
    for (std::size_t i = 0; i < text.size(); i += line) block += text.substr(i, line) + "\n";
    return block + "-----END " + std::string(label) + "-----\n";
}

void replace_once(std::string &text, std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    if (at == std::string::npos || text.find(from, at + 1) != std::string::npos)
        throw std::logic_error("not exactly one '" + std::string(from.substr(0, 60)) + "'");
    text.replace(at, from.size(), to);
}

const std::string &recorded_evidence() {
    static const std::string json = read_file(MHSM_SOURCE_DIR "/tests/vectors/azure/rsa-2048-fw2.json");
    return json;
}

const std::string &restored_evidence() {
    static const std::string json = [] {
        auto text = recorded_evidence();
        replace_once(text, recorded_kid, restored_kid);
        return text;
    }();
    return json;
}

const SampleParts &sample_parts() {
    static const SampleParts parts = take_apart(restored_evidence());
    return parts;
}

std::vector<Bytes> split_bundle(std::string_view pem) {
    constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
    std::vector<Bytes> ders;
    for (auto at = pem.find(begin); at != std::string_view::npos; at = pem.find(begin, at + 1)) {
        const auto rest = pem.substr(at);
        const auto bio = memory_bio(as_bytes(rest));
        const X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
        if (!certificate) throw std::runtime_error("a sample certificate does not parse");
        ders.push_back(certificate_der(certificate.get()));
    }
    return ders;
}

std::string with_member(std::string_view member, ByteView content) {
    auto json = restored_evidence();
    replace_once(json, member_text(json, member), base64url(content));
    return json;
}

Trust sample_trust() {
    Trust trust;
    trust.owner_pins.push_back(parse_pin("sha256:" + std::string(sample_pool_root)).value());
    return trust;
}

Report verify_sample(std::string_view json) {
    static const Trust trust = sample_trust();
    return verify_sample(json, trust);
}

Report verify_sample(std::string_view json, const Trust &trust, const Policy &policy, const Expectations &expectations,
                     VerificationTime time) {
    return verify(nullptr, as_bytes(json), trust, policy, expectations, time);
}

std::string summary(const Report &report) {
    std::string text;
    for (const auto &check : report.checks)
        if (!check.outcome.passed()) text += "\n  " + check.id + ": " + describe(check.outcome);
    return text.empty() ? "all checks passed" : text;
}

}  // namespace mhsm::test
