// The attestation result: every check in a fixed order, the facts, and the verdict that follows from them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chain.h"
#include "evidence.h"
#include "key_object.h"

namespace mhsm {

struct Check {
    std::string id;
    Outcome outcome;

    friend bool operator==(const Check &, const Check &) = default;
};

struct CertificateFacts {
    std::string role;  // hsm-root, adapter, partition, pool-root, owner-partition, unused
    std::string subject, issuer, sha256;
    std::int64_t not_before = 0, not_after = 0;  // Unix seconds
    Bytes der;
};

// The certificates of a report: immutable, and shared by all reports on keys of one partition.
class CertificateList {
public:
    CertificateList() = default;
    explicit CertificateList(std::vector<CertificateFacts> facts)
        : facts_(std::make_shared<const std::vector<CertificateFacts>>(std::move(facts))) {}

    std::span<const CertificateFacts> view() const { return facts_ ? *facts_ : std::span<const CertificateFacts>(); }
    auto begin() const { return view().begin(); }
    auto end() const { return view().end(); }
    std::size_t size() const { return view().size(); }
    bool empty() const { return view().empty(); }
    const CertificateFacts &operator[](std::size_t index) const { return view()[index]; }

private:
    std::shared_ptr<const std::vector<CertificateFacts>> facts_;
};

// What a verified blob says of one object. Attributes become text when they are shown, by attribute_name() and
// render_value().
struct ObjectFacts {
    std::string member;        // private or public: the attestation it was judged from
    std::string object_class;  // "private key", ...
    std::uint32_t handle = 0;
    std::vector<RawAttribute> attributes;
    std::shared_ptr<const Bytes> blob;  // what the attributes are views of
};

// The attested public key, encoded when it is asked for.
struct PublicKeyFacts {
    std::optional<PublicMaterial> material;           // none for symmetric keys
    std::vector<std::shared_ptr<const Bytes>> blobs;  // what it is views of

    bool empty() const { return !material; }
    Bytes der() const;  // SubjectPublicKeyInfo
};

// SHA-256 of the evidence, computed when it is asked for.
class EvidenceDigest {
public:
    EvidenceDigest() = default;
    EvidenceDigest(std::shared_ptr<EVP_MD> sha256, SharedBytes evidence)
        : sha256_(std::move(sha256)), evidence_(std::move(evidence)) {}

    std::string text() const;  // lower-case hex; "" if the evidence was too large to be read whole
    friend bool operator==(const std::string &text, const EvidenceDigest &digest) { return text == digest.text(); }

private:
    std::shared_ptr<EVP_MD> sha256_;
    SharedBytes evidence_;
};

// Facts about the attested key, only of signed and consistent objects.
struct KeyFacts {
    std::string type;  // RSA, EC, AES
    int bits = 0;
    std::string curve;                   // "" unless EC
    std::string id, label, check_value;  // CKA_ID, CKA_LABEL, CKA_CHECK_VALUE (hex); escaped
    std::string created_by;              // CKA_KEY_GEN_MECHANISM
    std::optional<bool> extractable, never_extractable, sensitive, always_sensitive, local;
    PublicKeyFacts public_key;
};

struct HsmFacts {
    std::string serial;           // from the adapter's name
    std::string partition;        // from the partition's name
    std::string fips_words;       // "for non-FIPS mode", as the adapter's name has it
    std::string firmware_layout;  // 2.x or 3.x
    std::string root_subject, root_sha256;
};

struct OwnerFacts {
    std::string pool;  // common name of the pool root
    std::string root_sha256;
    OwnerTrust trust = OwnerTrust::unauthenticated;
};

enum class Verdict { verified, not_verified };

struct Report {
    std::vector<Check> checks;
    VerificationTime time;
    std::string policy;
    OwnerTrustMode owner_mode = OwnerTrustMode::authenticated;
    std::string kid;  // as the service states it; escaped
    EvidenceDigest evidence_sha256;
    std::optional<KeyFacts> key;
    std::optional<HsmFacts> hsm;
    std::optional<OwnerFacts> owner;
    CertificateList certificates;
    std::vector<ObjectFacts> objects;
    ServiceClaims service;

    // The outcome of a check by id; null if the report has none.
    const Outcome *find(std::string_view id) const;
};

// The ids that every report must hold, in order. Others (bind.csr, policy.*) are present only when asked for.
std::span<const std::string_view> mandatory_checks();

// verified if and only if every mandatory check is present, none failed and none was skipped without being
// allowed to. Computed from the checks alone, each time.
Verdict verdict(const Report &report);

// The first check that keeps the report from being verified; null if there is none.
const Check *first_obstacle(const Report &report);

std::string_view owner_trust_name(OwnerTrust trust);    // unauthenticated, tls, pinned
std::string_view owner_mode_name(OwnerTrustMode mode);  // any, authenticated, pinned
std::optional<OwnerTrustMode> parse_owner_mode(std::string_view name);
std::string_view status_name(Status status);  // pass, fail, skip

}  // namespace mhsm
