#include "verify.h"

#include <algorithm>
#include <new>

namespace mhsm {
namespace {

constexpr const char *private_member = "private attestation";
constexpr const char *public_member = "public attestation";
constexpr std::size_t most_given = 3;

// One of the two signed blobs on its way through the checks. Views borrow from the Evidence.
struct Member {
    const char *subject;
    std::optional<Bytes> &bytes;
    Outcome blob, signature, object;
    std::optional<Blob> parsed;
    std::optional<KeyObject> key;
};

// One appraisal from first check to last; each step is made only if those it builds on passed.
class Appraisal {
public:
    Appraisal(const BundleContext &context, std::shared_ptr<EVP_MD> sha256, BundleCache &cache, KeyMaker &keys,
              const Policy &policy, const Expectations &expectations, VerificationTime time)
        : context_(context),
          sha256_(std::move(sha256)),
          cache_(cache),
          keys_(keys),
          policy_(policy),
          expectations_(expectations),
          time_(time) {}

    Report run(const SharedBytes &json);
    // Keeps what new certificates came to.
    void remember() {
        if (made_) cache_.add(unknown_, bundle_, time_);
    }

private:
    void add(std::string id, Outcome outcome);
    const Evidence &evidence() const { return decoded_.evidence; }
    void decode(ByteView json);
    void appraise_member(Member &member, ObjectClass promised);
    void check_symmetry();
    void check_public_key();
    void check_bindings();
    void check_given();
    void check_policy();
    void add_decoding();
    void add_chains();
    void add_members();
    void collect_facts(const SharedBytes &json);
    void require_complete() const;
    void collect_key(std::vector<std::shared_ptr<const Bytes>> blobs);
    void collect_objects(Member &member, const char *name, const std::shared_ptr<const Bytes> &blob);
    std::optional<ByteView> exponent() const;

    const BundleContext &context_;
    std::shared_ptr<EVP_MD> sha256_;
    BundleCache &cache_;
    KeyMaker &keys_;
    const Policy &policy_;
    const Expectations &expectations_;
    VerificationTime time_;
    Report report_;
    DecodedEvidence decoded_;
    std::string unknown_;  // certificates that were not known, as they stand in the evidence
    std::shared_ptr<const Bundle> bundle_;
    bool made_ = false;  // of those certificates, here
    ValidityOutcomes validity_;
    Member private_{private_member, decoded_.evidence.private_attestation, {}, {}, {}, {}, {}};
    Member public_{public_member, decoded_.evidence.public_attestation, {}, {}, {}, {}, {}};
    EvpPkeyPtr public_key_;
};

// What comes from outside is escaped, and cut: a report is not the place for a name of 100 KB.
void make_presentable(std::string &text) {
    constexpr std::size_t longest = 600;
    if (!is_printable(text)) text = printable(text);
    if (text.size() > longest) text.replace(longest, std::string::npos, "...");
}

void Appraisal::add(std::string id, Outcome outcome) {
    make_presentable(outcome.subject);
    make_presentable(outcome.detail);
    report_.checks.push_back({std::move(id), std::move(outcome)});
}

// Evidence and certificates; certificates that are known are neither decoded nor verified again.
void Appraisal::decode(ByteView json) {
    decoded_ = decode_evidence(json, [&](std::string_view base64url) {
        bundle_ = cache_.find(base64url, time_);
        if (!bundle_) unknown_ = base64url;
        return bundle_ != nullptr;
    });
    if (!bundle_ && evidence().certificates) {
        const auto signed_evidence = [this](EVP_PKEY *key) {
            return evidence().private_attestation && signed_by(context_.libctx, *evidence().private_attestation, key);
        };
        bundle_ = std::make_shared<const Bundle>(context_, *evidence().certificates, time_, signed_evidence);
        made_ = true;
    }
    if (!bundle_) bundle_ = std::make_shared<const Bundle>();
    validity_ = bundle_->validity(time_);
}

// blob.*, signature.* and object.*: structure, then signature, and only then what the attributes say.
void Appraisal::appraise_member(Member &member, ObjectClass promised) {
    member.blob = member.signature = member.object =
        Outcome::blocked(bundle_->partition_key ? "evidence.fields" : "partition.key");
    if (!member.bytes || !bundle_->partition_key) return;
    const auto &key = *bundle_->partition_key;
    auto blob = parse_blob(*member.bytes, key.signature_size(), member.subject);
    if (!blob) {
        member.blob = Outcome::fail(blob.failure());
        member.signature = member.object = Outcome::blocked("the blob could not be parsed");
        return;
    }
    member.parsed = std::move(*blob);
    member.blob =
        Outcome::pass(member.subject, "firmware " + std::string(layout_name(member.parsed->layout)) + " layout");
    member.signature = verify_blob_signature(key, *member.parsed, member.subject);
    member.object = Outcome::blocked("the signature did not verify");
    if (!member.signature.passed()) return;
    auto object = read_key_object(*member.parsed, promised, evidence().key, member.subject);
    if (!object) {
        member.object = Outcome::fail(object.failure());
        return;
    }
    member.key = *object;
    const auto words = object->curve != nullptr
                           ? std::string(object->curve->name)
                           : std::string(key_type_name(object->type)) + "-" + std::to_string(object->bits);
    member.object = Outcome::pass(member.subject, words + " " + std::string(class_name(object->object_class)));
}

// evidence.fields, second half: a public attestation exactly when the key is asymmetric. What kind of key it is
// says kty, or for a bare attestation the signed object itself.
void Appraisal::check_symmetry() {
    auto asymmetric = is_asymmetric(evidence().key);
    if (!asymmetric && private_.key) asymmetric = private_.key->object_class == ObjectClass::private_key;
    if (!asymmetric) return;
    const bool given = public_.bytes.has_value();
    if (!*asymmetric && !given) {
        public_.blob = public_.signature = public_.object = Outcome::not_needed(Reason::symmetric_key);
        return;
    }
    if (*asymmetric == given || !decoded_.fields.passed()) return;
    decoded_.fields = Outcome::fail(given ? Reason::public_attestation_unexpected : Reason::public_attestation_missing,
                                    "publicKeyAttestation", "");
    // An unexpected member is not judged any further; it would be taken for part of the evidence.
    public_.blob = public_.signature = public_.object = Outcome::blocked("evidence.fields");
    public_.key.reset();
}

std::optional<ByteView> Appraisal::exponent() const {
    if (public_.key && public_.key->exponent) return public_.key->exponent;
    return private_.key ? private_.key->exponent : std::nullopt;
}

// object.public, second half: the material must be a key that libcrypto accepts.
void Appraisal::check_public_key() {
    if (!public_.key) return;
    auto made = make_public_key(keys_, *public_.key, exponent(), public_.subject);
    if (made) {
        public_key_ = std::move(*made);
        return;
    }
    public_.object = Outcome::fail(made.failure());
    public_.key.reset();
}

void Appraisal::check_bindings() {
    const bool symmetric = private_.key && private_.key->type == KeyType::aes;
    const auto blocked = Outcome::blocked("object.private or object.public");
    auto pair = blocked;
    auto jwk = blocked;
    if (symmetric) pair = Outcome::not_needed(Reason::symmetric_key);
    if (private_.key && public_.key) pair = bind_pair(*private_.key, *public_.key, *private_.parsed, *public_.parsed);
    if (symmetric) jwk = bind_jwk(evidence(), *private_.key, std::nullopt);
    if (public_.key) jwk = bind_jwk(evidence(), *public_.key, exponent());
    add("bind.pair", pair);
    add("bind.jwk", jwk);

    const bool asked = expectations_.request.has_value();
    add("bind.kid", private_.key ? bind_kid(evidence(), *private_.key, asked) : blocked);
    const auto &pool = bundle_->pool_root_name;
    add("bind.pool", pool ? bind_pool(evidence(), *pool, asked) : Outcome::blocked("owner.chain"));
    add("bind.request", decoded_.version.passed() || !asked ? bind_request(evidence(), expectations_.request)
                                                            : Outcome::blocked("evidence.version"));
}

void Appraisal::check_given() {
    struct Given {
        const char *id;
        GivenKind kind;
        const std::optional<Bytes> &bytes;
    };
    const bool known = private_.key && (public_key_ || private_.key->type == KeyType::aes);
    for (const Given &given : {Given{"bind.csr", GivenKind::csr, expectations_.csr},
                               Given{"bind.cert", GivenKind::certificate, expectations_.certificate},
                               Given{"bind.pubkey", GivenKind::public_key, expectations_.public_key}}) {
        if (!given.bytes) continue;
        add(given.id, known ? bind_given(context_.libctx, given.kind, *given.bytes, public_key_.get())
                            : Outcome::blocked("object.private or object.public"));
    }
}

void Appraisal::check_policy() {
    for (const auto &demand : policy_.demands) {
        auto outcome = Outcome::blocked("object.private");
        if (private_.key) {
            const Appraised appraised{&*private_.key, bundle_->owner.trust, bundle_->fips_mode};
            outcome = judge(demand, appraised);
        }
        add("policy." + demand.name, std::move(outcome));
    }
}

void Appraisal::add_decoding() {
    add("evidence.json", decoded_.json);
    add("evidence.version", decoded_.version);
    add("evidence.fields", decoded_.fields);
}

void Appraisal::add_chains() {
    add("certs.parse", bundle_->certs);
    add("hw.chain", bundle_->hw_chain);
    add("hw.time", validity_.hw_time);
    add("owner.chain", bundle_->owner_chain);
    add("owner.time", validity_.owner_time);
    add("owner.authenticated", bundle_->owner.outcome);
    add("partition.key", bundle_->partition);
}

void Appraisal::add_members() {
    add("blob.private", private_.blob);
    add("blob.public", public_.blob);
    add("signature.private", private_.signature);
    add("signature.public", public_.signature);
    add("object.private", private_.object);
    add("object.public", public_.object);
}

Report Appraisal::run(const SharedBytes &json) {
    report_.checks.reserve(mandatory_checks().size() + most_given + policy_.demands.size());
    decode(json.bytes);
    appraise_member(private_, ObjectClass::private_key);
    appraise_member(public_, ObjectClass::public_key);
    check_symmetry();
    check_public_key();

    add_decoding();
    add_chains();
    add_members();
    check_bindings();
    check_given();
    check_policy();
    collect_facts(json);
    require_complete();
    return std::move(report_);
}

void Appraisal::collect_facts(const SharedBytes &json) {
    report_.time = time_;
    report_.policy = printable(policy_.name);
    report_.owner_mode = context_.trust.owner_mode;
    report_.service = evidence().service;
    if (report_.service.recovery_level) make_presentable(*report_.service.recovery_level);
    if (evidence().key && evidence().key->kid) report_.kid = *evidence().key->kid;
    make_presentable(report_.kid);
    if (decoded_.json.reason != Reason::json_too_large) report_.evidence_sha256 = EvidenceDigest(sha256_, json);
    report_.hsm = bundle_->hsm;
    if (report_.hsm && private_.parsed) report_.hsm->firmware_layout = layout_name(private_.parsed->layout);
    report_.owner = bundle_->owner_facts;
    report_.certificates = bundle_->certificates;
    // The last step: the bytes of the blobs and what was parsed of them become the report's. Views stay valid.
    std::vector<std::shared_ptr<const Bytes>> blobs;
    for (auto *member : {&private_, &public_})
        blobs.push_back(member->bytes ? std::make_shared<const Bytes>(std::move(*member->bytes)) : nullptr);
    collect_key(blobs);
    collect_objects(private_, "private", blobs[0]);
    collect_objects(public_, "public", blobs[1]);
}

// libcrypto does not always tell that it had no memory: a fact is then missing. What verifies lacks none.
void Appraisal::require_complete() const {
    if (verdict(report_) != Verdict::verified) return;
    const bool incomplete = !report_.key || !report_.hsm || !report_.owner ||
                            (public_key_ && report_.key->public_key.empty());
    if (incomplete) throw std::bad_alloc();
}

std::optional<bool> stated(const KeyObject &key, std::uint32_t type) {
    const auto value = read_boolean(*key.object, type);
    if (value == Tri::yes) return true;
    if (value == Tri::no) return false;
    return std::nullopt;
}

std::string rendered(const KeyObject &key, std::uint32_t type) {
    const auto &attributes = key.object->attributes;
    const auto found = std::ranges::find(attributes, type, &RawAttribute::type);
    return found != attributes.end() ? render_value(*found) : std::string{};
}

void Appraisal::collect_key(std::vector<std::shared_ptr<const Bytes>> blobs) {
    if (!private_.key) return;
    const auto &key = *private_.key;
    KeyFacts facts;
    facts.type = key_type_name(key.type);
    facts.bits = key.bits;
    if (key.curve != nullptr) facts.curve = key.curve->name;
    facts.id = rendered(key, cka::ID);
    facts.label = rendered(key, cka::LABEL);
    facts.check_value = rendered(key, cka::CHECK_VALUE);
    facts.created_by = rendered(key, cka::KEY_GEN_MECHANISM);
    facts.extractable = stated(key, cka::EXTRACTABLE);
    facts.never_extractable = stated(key, cka::NEVER_EXTRACTABLE);
    facts.sensitive = stated(key, cka::SENSITIVE);
    facts.always_sensitive = stated(key, cka::ALWAYS_SENSITIVE);
    facts.local = stated(key, cka::LOCAL);
    if (public_key_)
        facts.public_key = {PublicMaterial{public_.key->type, public_.key->curve, public_.key->material,
                                           exponent().value_or(ByteView{})},
                            std::move(blobs)};
    report_.key = std::move(facts);
}

void Appraisal::collect_objects(Member &member, const char *name, const std::shared_ptr<const Bytes> &blob) {
    if (!member.signature.passed() || !member.parsed) return;
    for (auto &object : member.parsed->objects) {
        auto words = object_class_name(object);
        report_.objects.push_back({name, std::move(words), object.handle, std::move(object.attributes), blob});
    }
}

void add_given_roots(const Trust &trust, std::vector<X509Ptr> &roots) {
    for (const auto &root : trust.hsm_roots) {
        X509_up_ref(root.get());
        roots.emplace_back(root.get());
    }
}

}  // namespace

Verifier::Verifier(OSSL_LIB_CTX *libctx, const Trust &trust, std::size_t most_bundles)
    : libctx_(libctx),
      trust_(trust),
      sha256_(fetch_sha256(libctx)),
      cache_(most_bundles) {
    const ErrorScope errors;
    if (trust.embedded_hsm_roots) roots_proven_ = add_embedded_hsm_roots(libctx, roots_);
    add_given_roots(trust, roots_);
}

Report Verifier::verify(const SharedBytes &json, KeyMaker &keys, const Policy &policy, const Expectations &expectations,
                        VerificationTime time) {
    const ErrorScope errors;
    const BundleContext context{libctx_, roots_, trust_, roots_proven_};
    Appraisal appraisal(context, sha256_, cache_, keys, policy, expectations, time);
    auto report = appraisal.run(json);
    if (verdict(report) != Verdict::verified) {
        // libcrypto does not always tell that it had no memory. A refusal for that is not the same a second time: it
        // is neither believed nor remembered.
        Appraisal again(context, sha256_, cache_, keys, policy, expectations, time);
        if (again.run(json).checks != report.checks) throw std::bad_alloc();
    }
    appraisal.remember();
    return report;
}

Report Verifier::verify(ByteView json, const Policy &policy, const Expectations &expectations, VerificationTime time) {
    KeyMaker keys(libctx_);
    return verify(share({json.begin(), json.end()}), keys, policy, expectations, time);
}

bool can_verify(OSSL_LIB_CTX *libctx) {
    const ErrorScope errors;
    std::vector<X509Ptr> roots;
    KeyMaker keys(libctx);
    return fetch_sha256(libctx) && keys.can_make(KeyType::rsa) && keys.can_make(KeyType::ec) &&
           add_embedded_hsm_roots(libctx, roots);
}

Report verify(OSSL_LIB_CTX *libctx, ByteView json, const Trust &trust, const Policy &policy,
              const Expectations &expectations, VerificationTime time) {
    const ErrorScope errors;
    return Verifier(libctx, trust, 0).verify(json, policy, expectations, time);
}

}  // namespace mhsm
