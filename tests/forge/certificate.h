// X.509 certificates from a plain description, including deliberately wrong ones.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bytes.h"

namespace forge {

enum class StringType { usual, printable, teletex, bmp };  // usual: UTF8String, but PrintableString for a country

struct NamePart {
    std::string attribute;  // short name: "C", "CN", ...
    std::string value;
    StringType type = StringType::usual;
};
using Rdn = std::vector<NamePart>;  // more than one part: a multi-valued RDN
using Name = std::vector<Rdn>;

struct Extension {
    std::string oid;
    bool critical = false;
    Bytes value;  // DER
};

struct Certificate {
    Name subject, issuer;
    std::int64_t serial = 1;
    int version = 3;
    std::int64_t not_before = 0, not_after = 0;  // Unix seconds
    std::string key;                             // test key whose public half is certified
    std::string signer;                          // test key that signs
    std::string digest = "SHA256";
    bool pss = false;  // RSASSA-PSS instead of PKCS#1 v1.5
    std::vector<Extension> extensions;
    bool corrupt_signature = false;
};

Bytes issue(const Certificate &certificate);  // DER

// The value of the last common name.
std::string common_name(const Name &name);
void rename_common_name(Name &name, const std::string &value);

Extension basic_constraints(bool ca);
Extension key_usage_ca();                 // digitalSignature, keyCertSign, critical
Extension key_usage_without_cert_sign();  // digitalSignature, critical
Extension subject_key_id(const std::string &key);
Extension authority_key_id(const std::string &issuer_key);
Extension unknown_critical();
Extension name_constraints_excluding_country(const std::string &country);  // critical; two letters

// A PKCS#10 request for an RSA test key signed by itself, as DER; optionally with a broken signature.
Bytes request(const std::string &rsa_key, bool corrupt_signature = false);

}  // namespace forge
