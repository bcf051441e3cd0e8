// Evidence that real HSMs signed, and the tools to take it apart and put it together again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/verify.h"

namespace mhsm::test {

// 2026-01-01T00:00:00Z: every certificate of the Azure vector and of the forge is valid then.
inline constexpr std::int64_t sample_time = 1767225600;

std::string read_file(const std::string &path);  // throws std::runtime_error
bool file_exists(const std::string &path);
std::string gunzip(const std::string &path);

std::string base64url(ByteView bytes);  // unpadded
std::string base64(ByteView bytes);     // standard alphabet, padded
std::string pem(std::string_view label, ByteView der);

// Replaces the only occurrence of `from`; throws std::logic_error if there is none or more than one.
void replace_once(std::string &text, std::string_view from, std::string_view to);

// The answer of Azure as recorded, with host and key name masked by the recorder in key.kid...
const std::string &recorded_evidence();
// ...and with the names that the HSM and the pool root state put back.
const std::string &restored_evidence();
inline constexpr std::string_view restored_kid =
    "https://clitesthsmkeyatsbvzpfrzm.managedhsm.azure.net/keys/key1-hnhgsllilfcl3pdtpld/"
    "7071fabc480c0ca186f786a9b78c9456";
inline constexpr std::string_view recorded_kid =
    "https://clitesthsmkeyats000002.managedhsm.azure.net/keys/key1-000003/7071fabc480c0ca186f786a9b78c9456";
inline constexpr std::string_view sample_pool = "clitesthsmkeyatsbvzpfrzm";
// SHA-256 of the pool root and of the Marvell root, taken with openssl x509 -fingerprint.
inline constexpr std::string_view sample_pool_root = "e181485bc30a3abfc3eb81ded6e1070cc1aa83e712d4564d5f143cd276efcb2b";
inline constexpr std::string_view sample_hsm_root = "230143df00e0b452743e068a5b3fc08df8f06cefc4854ea627aeb7ebd70ee2f4";

// The decoded members of the restored evidence.
struct SampleParts {
    Bytes private_attestation, public_attestation;
    std::string certificates;  // PEM
    std::vector<Bytes> ders;   // in the order of the bundle
};
const SampleParts &sample_parts();
std::vector<Bytes> split_bundle(std::string_view pem);  // DER of each certificate

// The restored evidence with one member of the attestation replaced.
std::string with_member(std::string_view member, ByteView content);

Trust sample_trust();                         // the pool root pinned
Report verify_sample(std::string_view json);  // with sample_trust, no policy, at sample_time
Report verify_sample(std::string_view json, const Trust &trust, const Policy &policy = {},
                     const Expectations &expectations = {}, VerificationTime time = sample_time);

// "passed" or the checks that did not pass, for messages.
std::string summary(const Report &report);

}  // namespace mhsm::test
