#include "token.h"

#include <algorithm>
#include <set>

#include "core/attributes.h"
#include "error.h"
#include "support/clock.h"
#include "support/pool_verifier.h"

namespace mhsm::pkcs11 {
namespace {

class Loader {
public:
    Loader(const NamedSource &source, const Shared &shared)
        : source_(source), shared_(shared), verifiers_(shared.libctx, shared.settings.trust) {
        time_ = shared.settings.time ? shared.settings.time : VerificationTime(support::unix_time());
    }

    Contents run() {
        const bool complete = gather(source_, shared_, [this](const auto &raw) { add(raw); });
        contents_.flawed = contents_.flawed || !complete;
        std::ranges::move(certificates_, std::back_inserter(contents_.objects));
        describe_token();
        return std::move(contents_);
    }

private:
    void reject(const RawEvidence &raw, const std::string &why) {
        contents_.flawed = true;
        shared_.log.write(source_.name, raw.name + ": no objects: " + why);
    }

    void add(const RawEvidence &raw) {
        const auto report =
            verifiers_.of(raw.tls_pool).verify(raw.json, shared_.settings.policy, {raw.request, {}, {}, {}}, time_);
        if (verdict(report) != Verdict::verified) {
            // The module's own context has every algorithm, unless there was no memory when it was made.
            const auto *obstacle = first_obstacle(report);
            if (obstacle != nullptr && obstacle->outcome.reason == Reason::internal) throw std::bad_alloc();
            return reject(raw, describe_obstacle(report));
        }
        const auto evidence = report.evidence_sha256.text();
        if (seen_.contains(evidence)) return;
        if (const auto trouble = try_to_add(report); !trouble.empty()) {
            // What libcrypto cannot do for lack of memory, it does not refuse a second time.
            if (try_to_add(report) != trouble) throw std::bad_alloc();
            return reject(raw, trouble);
        }
        seen_.insert(evidence);
        shared_.log.write(source_.name, raw.name + ": verified: " + report.key->id);
    }

    // Why there are no objects; empty if there are.
    std::string try_to_add(const Report &report) {
        try {
            add_objects(report);
            return {};
        } catch (const std::runtime_error &error) {
            return error.what();
        }
    }

    // All objects of a piece of evidence, or by an exception none.
    void add_objects(const Report &report) {
        auto keys = key_objects(shared_.libctx, report);
        std::vector<Object> certificates;
        std::vector<std::string> fingerprints;
        for (const auto &facts : report.certificates) {
            if (facts.role == "unused" || seen_.contains(facts.sha256)) continue;
            certificates.push_back(certificate_object(shared_.libctx, facts));
            fingerprints.push_back(facts.sha256);
        }
        pools_.insert(report.owner->pool);
        serials_.insert(report.hsm->serial);
        layouts_.insert(report.hsm->firmware_layout);
        manufacturers_.insert(organization(report.certificates));
        seen_.insert(fingerprints.begin(), fingerprints.end());
        std::ranges::move(keys, std::back_inserter(contents_.objects));
        std::ranges::move(certificates, std::back_inserter(certificates_));
    }

    // Who stands for the hardware: the organization in the name of its root.
    std::string organization(const CertificateList &certificates) const {
        const auto root = std::ranges::find(certificates, "hsm-root", &CertificateFacts::role);
        if (root == certificates.end()) throw std::runtime_error("verified without a hardware root");
        const auto certificate = parse_certificate(shared_.libctx, root->der);
        return certificate ? printable(subject_attribute(certificate.get(), NID_organizationName)) : "";
    }

    // A fact of the token only if all of its evidence agrees.
    static std::string agreed(const std::set<std::string> &values) {
        return values.size() == 1 ? *values.begin() : std::string{};
    }

    void describe_token() {
        const auto pool = agreed(pools_);
        contents_.label = pool.empty() ? printable(source_.name) : pool;
        // There is room for 16 characters, and the end of a serial number tells more than its beginning.
        constexpr std::size_t longest_serial = 16;
        const auto serial = agreed(serials_);
        contents_.serial = serial.substr(serial.size() - std::min(serial.size(), longest_serial));
        const auto layout = agreed(layouts_);
        if (!layout.empty()) {
            contents_.model = "firmware " + layout;
            contents_.firmware = {static_cast<unsigned char>(layout.front() - '0'), 0};
        }
        contents_.manufacturer = agreed(manufacturers_);
    }

    const NamedSource &source_;
    const Shared &shared_;
    support::PoolVerifier verifiers_;
    VerificationTime time_;
    Contents contents_;
    std::vector<Object> certificates_;
    std::set<std::string> seen_;  // SHA-256 of evidence and of certificates
    std::set<std::string> pools_, serials_, layouts_, manufacturers_;
};

}  // namespace

Contents load_contents(const NamedSource &source, const Shared &shared) { return Loader(source, shared).run(); }

const Contents &Token::contents() const {
    const std::lock_guard lock(mutex_);
    if (!contents_) contents_ = std::make_unique<const Contents>(load_contents(source_, shared_));
    return *contents_;
}

bool Token::loaded() const {
    const std::lock_guard lock(mutex_);
    return contents_ != nullptr;
}

const Object &Token::object(CK_OBJECT_HANDLE handle) const {
    const auto &objects = contents().objects;
    if (handle == CK_INVALID_HANDLE || handle > objects.size()) throw Error(CKR_OBJECT_HANDLE_INVALID);
    return objects[handle - 1];
}

}  // namespace mhsm::pkcs11
