#include "bundle.h"

#include <algorithm>
#include <new>
#include <utility>

namespace mhsm {
namespace {

std::optional<bool> fips_mode(X509 *adapter) {
    const auto name = subject_attribute(adapter, NID_commonName);
    if (name.ends_with("for non-FIPS mode")) return false;
    if (name.ends_with("for FIPS mode")) return true;
    return std::nullopt;
}

std::string between(std::string_view text, std::string_view after, std::string_view before) {
    const auto start = text.find(after);
    if (start == std::string_view::npos) return {};
    const auto rest = text.substr(start + after.size());
    return std::string(rest.substr(0, rest.find(before)));
}

std::string between_in(X509 *certificate, std::string_view after, std::string_view before) {
    return between(printable(display_name(certificate)), after, before);
}

// The times for which X.509 can state dates: outside of them libcrypto's comparisons follow other rules.
constexpr std::int64_t first_year_0000 = -62167219200, last_year_9999 = 253402300799;

}  // namespace

Bundle::Bundle(const BundleContext &context, ByteView pem, VerificationTime time, const SignedEvidence &signed_evidence)
    : time_(time) {
    auto parsed = parse_bundle(context.libctx, pem);
    if (!parsed) {
        certs = Outcome::fail(parsed.failure());
        return;
    }
    bundle_ = std::move(*parsed);
    certs = Outcome::pass("certificatePemFile", std::to_string(bundle_.size()) + " certificates");
    const auto asked = [&](EVP_PKEY *key) {
        for_any_evidence_ = false;
        return signed_evidence(key);
    };
    chains_ = choose_chains(bundle_, context.hsm_roots, time, asked);
    hw_chain = chains_.hw_chain;
    // Nobody should be told that certificates were altered by whom libcrypto lacks an algorithm, or lacked memory.
    if (!hw_chain.passed() && !context.roots_proven)
        hw_chain = Outcome::fail(Reason::internal, "libcrypto",
                                 "it cannot verify the built-in roots: no RSA or SHA-256, or no memory for them");
    owner_chain = chains_.owner_chain;
    validity_ = judge_validity(time);
    find_window(context.hsm_roots, time);
    if (owner_chain.passed()) owner = authenticate_owner(context.libctx, chains_.pool_root, context.trust);
    check_partition(context.libctx);
    collect_facts(context.libctx);
}

ValidityOutcomes Bundle::validity(VerificationTime time) const {
    return time == time_ ? validity_ : judge_validity(time);
}

ValidityOutcomes Bundle::judge_validity(VerificationTime time) const {
    ValidityOutcomes outcomes;
    if (hw_chain.passed())
        outcomes.hw_time = check_validity({chains_.hsm_root, chains_.adapter, chains_.partition}, time);
    if (owner_chain.passed()) outcomes.owner_time = check_validity({chains_.pool_root, chains_.owner_partition}, time);
    return outcomes;
}

void Bundle::check_partition(OSSL_LIB_CTX *libctx) {
    if (!hw_chain.passed()) return;
    partition = check_partition_key_strength(chains_.partition);
    if (!partition.passed()) return;
    partition_key.emplace(libctx, X509_get0_pubkey(chains_.partition));
    partition = owner_chain.passed() ? check_partition_keys_agree(chains_.partition, chains_.owner_partition)
                                     : Outcome::blocked("owner.chain");
}

void Bundle::find_window(const std::vector<X509Ptr> &roots, VerificationTime time) {
    if (!time || *time < first_year_0000 || *time > last_year_9999) return;
    window_begin_ = first_year_0000;
    window_end_ = last_year_9999 + 1;
    const auto changes_at = [&](std::int64_t moment) {
        if (moment <= *time)
            window_begin_ = std::max(window_begin_, moment);
        else
            window_end_ = std::min(window_end_, moment);
    };
    for (const auto *list : {&std::as_const(bundle_), &roots}) {
        for (const auto &certificate : *list) {
            changes_at(not_before(certificate.get()));
            changes_at(not_after(certificate.get()) + 1);
        }
    }
}

bool Bundle::holds_for(VerificationTime time) const {
    if (!for_any_evidence_) return false;
    if (time == time_) return true;
    return time && time_ && *time >= window_begin_ && *time < window_end_;
}

void Bundle::collect_facts(OSSL_LIB_CTX *libctx) {
    if (chains_.adapter != nullptr) {
        fips_mode = mhsm::fips_mode(chains_.adapter);
        hsm = HsmFacts{between_in(chains_.adapter, "HSM:", ","),  between_in(chains_.partition, "HSM:", ","),
                       between_in(chains_.adapter, ", ", "\n"),   {},
                       printable(subject_name(chains_.hsm_root)), fingerprint(libctx, chains_.hsm_root)};
    }
    if (chains_.pool_root != nullptr) {
        pool_root_name = subject_attribute(chains_.pool_root, NID_commonName);
        owner_facts =
            OwnerFacts{printable(display_name(chains_.pool_root)), fingerprint(libctx, chains_.pool_root), owner.trust};
    }
    std::vector<X509 *> listed;
    std::vector<CertificateFacts> facts;
    const auto list = [&](X509 *certificate, const char *role) {
        if (certificate == nullptr) return;
        const auto same = [certificate](X509 *other) { return same_certificate(other, certificate); };
        if (std::ranges::any_of(listed, same)) return;
        listed.push_back(certificate);
        facts.push_back({role, printable(subject_name(certificate)), printable(issuer_name(certificate)),
                         fingerprint(libctx, certificate), not_before(certificate), not_after(certificate),
                         certificate_der(certificate)});
    };
    list(chains_.hsm_root, "hsm-root");
    list(chains_.adapter, "adapter");
    list(chains_.partition, "partition");
    list(chains_.pool_root, "pool-root");
    list(chains_.owner_partition, "owner-partition");
    for (const auto &certificate : bundle_) list(certificate.get(), "unused");
    require_complete(facts);
    certificates = CertificateList(std::move(facts));
}

// libcrypto does not always tell that it had no memory: a fact is then missing. Chains that verify lack none.
void Bundle::require_complete(const std::vector<CertificateFacts> &facts) const {
    if (!hw_chain.passed() || !owner_chain.passed()) return;
    const auto lacks_something = [](const CertificateFacts &c) {
        const bool nameless = c.role != "unused" && (c.subject.empty() || c.issuer.empty());
        return nameless || c.sha256.empty() || c.der.empty();
    };
    const bool incomplete = hsm->root_subject.empty() || hsm->root_sha256.empty() || owner_facts->root_sha256.empty() ||
                            std::ranges::any_of(facts, lacks_something);
    if (incomplete) throw std::bad_alloc();
}

}  // namespace mhsm
