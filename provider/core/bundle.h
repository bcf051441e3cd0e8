// What the certificates of a piece of evidence come to. Keys of one partition share all of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "blob.h"
#include "report.h"

namespace mhsm {

// Where the certificates of evidence are looked for, besides themselves.
struct BundleContext {
    OSSL_LIB_CTX *libctx = nullptr;
    const std::vector<X509Ptr> &hsm_roots;
    const Trust &trust;
    bool roots_proven = true;  // false: libcrypto could not even verify what the built-in roots signed
};

// The outcomes that depend on the dates, which change with every second.
struct ValidityOutcomes {
    Outcome hw_time = Outcome::blocked("hw.chain"), owner_time = Outcome::blocked("owner.chain");
};

// Immutable once it is made: any thread may use it. Borrows from the context's roots.
class Bundle {
public:
    // Of evidence that holds no certificates that could be decoded.
    Bundle() = default;
    // certs.parse and all that follows from it. `signed_evidence` as in choose_chains().
    Bundle(const BundleContext &context, ByteView pem, VerificationTime time, const SignedEvidence &signed_evidence);

    // Whether everything but the outcomes of validity is the same for `time`, and for any evidence.
    bool holds_for(VerificationTime time) const;
    ValidityOutcomes validity(VerificationTime time) const;

    Outcome certs = Outcome::blocked("evidence.fields");
    Outcome hw_chain = Outcome::blocked("certs.parse"), owner_chain = Outcome::blocked("certs.parse");
    OwnerDecision owner{Outcome::blocked("owner.chain")};
    Outcome partition = Outcome::blocked("hw.chain");
    std::optional<SigningKey> partition_key;    // genuine and strong: what it signed may be looked at
    std::optional<std::string> pool_root_name;  // unescaped
    std::optional<bool> fips_mode;              // the words in the adapter's name; none if it has neither
    std::optional<HsmFacts> hsm;                // without the firmware's layout
    std::optional<OwnerFacts> owner_facts;
    CertificateList certificates;

private:
    ValidityOutcomes judge_validity(VerificationTime time) const;
    void check_partition(OSSL_LIB_CTX *libctx);
    void find_window(const std::vector<X509Ptr> &roots, VerificationTime time);
    void collect_facts(OSSL_LIB_CTX *libctx);
    void require_complete(const std::vector<CertificateFacts> &facts) const;

    std::vector<X509Ptr> bundle_;
    ChosenChains chains_;
    ValidityOutcomes validity_;
    VerificationTime time_;
    bool for_any_evidence_ = true;
    // Half-open: no certificate of bundle or roots becomes valid or invalid in it.
    std::int64_t window_begin_ = 0, window_end_ = 0;
};

}  // namespace mhsm
