#include "verify.h"

#include <algorithm>

namespace mhsm {
namespace {

constexpr const char *private_member = "private attestation";
constexpr const char *public_member = "public attestation";

// One of the two signed blobs on its way through the checks. Views borrow from the Evidence.
struct Member {
    const char *subject;
    const std::optional<Bytes> &bytes;
    Outcome blob, signature, object;
    std::optional<Blob> parsed;
    std::optional<KeyObject> key;
};

// One appraisal from first check to last; each step is made only if those it builds on passed.
class Appraisal {
public:
    Appraisal(OSSL_LIB_CTX *libctx, const Trust &trust, const Policy &policy, const Expectations &expectations,
              VerificationTime time)
        : libctx_(libctx), trust_(trust), policy_(policy), expectations_(expectations), time_(time) {}

    Report run(ByteView json);

private:
    void add(std::string id, Outcome outcome);
    const Evidence &evidence() const { return decoded_.evidence; }
    void check_bundle();
    void check_owner();
    void check_partition();
    void appraise_member(Member &member, ObjectClass promised);
    void check_symmetry();
    void check_public_key();
    void check_bindings();
    void check_given();
    void check_policy();
    void add_decoding();
    void add_chains();
    void add_members();
    void collect_facts(ByteView json);
    void collect_certificates();
    void collect_key();
    void collect_objects(const Member &member, const char *name);
    std::optional<ByteView> exponent() const;

    OSSL_LIB_CTX *libctx_;
    const Trust &trust_;
    const Policy &policy_;
    const Expectations &expectations_;
    VerificationTime time_;
    Report report_;
    DecodedEvidence decoded_;
    std::vector<X509Ptr> roots_, bundle_;
    ChosenChains chains_;
    Outcome certs_ = Outcome::blocked("evidence.fields");
    Outcome hw_time_ = Outcome::blocked("hw.chain"), owner_time_ = Outcome::blocked("owner.chain");
    OwnerDecision owner_{Outcome::blocked("owner.chain")};
    Outcome partition_ = Outcome::blocked("hw.chain");
    bool partition_signs_ = false;  // genuine and strong: what it signed may be looked at
    Member private_{private_member, decoded_.evidence.private_attestation, {}, {}, {}, {}, {}};
    Member public_{public_member, decoded_.evidence.public_attestation, {}, {}, {}, {}, {}};
    EvpPkeyPtr public_key_;
};

// What comes from outside is escaped, and cut: a report is not the place for a name of 100 KB.
std::string presentable(std::string_view text) {
    constexpr std::size_t longest = 600;
    auto shown = printable(text);
    if (shown.size() > longest) shown.replace(longest, std::string::npos, "...");
    return shown;
}

void Appraisal::add(std::string id, Outcome outcome) {
    outcome.subject = presentable(outcome.subject);
    outcome.detail = presentable(outcome.detail);
    report_.checks.push_back({std::move(id), std::move(outcome)});
}

// certs.parse and everything about chains
void Appraisal::check_bundle() {
    chains_.hw_chain = chains_.owner_chain = Outcome::blocked("certs.parse");
    if (!evidence().certificates) return;
    auto bundle = parse_bundle(libctx_, *evidence().certificates);
    if (!bundle) {
        certs_ = Outcome::fail(bundle.failure());
        return;
    }
    bundle_ = std::move(*bundle);
    certs_ = Outcome::pass("certificatePemFile", std::to_string(bundle_.size()) + " certificates");
    const auto signed_evidence = [this](EVP_PKEY *key) {
        return evidence().private_attestation && signed_by(libctx_, *evidence().private_attestation, key);
    };
    chains_ = choose_chains(bundle_, roots_, time_, signed_evidence);
    if (chains_.hw_chain.passed())
        hw_time_ = check_validity({chains_.hsm_root, chains_.adapter, chains_.partition}, time_);
}

void Appraisal::check_owner() {
    if (!chains_.owner_chain.passed()) return;
    owner_time_ = check_validity({chains_.pool_root, chains_.owner_partition}, time_);
    owner_ = authenticate_owner(libctx_, chains_.pool_root, trust_);
}

void Appraisal::check_partition() {
    if (!chains_.hw_chain.passed()) return;
    partition_ = check_partition_key_strength(chains_.partition);
    partition_signs_ = partition_.passed();
    if (!partition_signs_) return;
    partition_ = chains_.owner_chain.passed() ? check_partition_keys_agree(chains_.partition, chains_.owner_partition)
                                              : Outcome::blocked("owner.chain");
}

// blob.*, signature.* and object.*: structure, then signature, and only then what the attributes say.
void Appraisal::appraise_member(Member &member, ObjectClass promised) {
    member.blob = member.signature = member.object =
        Outcome::blocked(partition_signs_ ? "evidence.fields" : "partition.key");
    if (!member.bytes || !partition_signs_) return;
    EVP_PKEY *key = X509_get0_pubkey(chains_.partition);
    auto blob = parse_blob(*member.bytes, static_cast<std::size_t>(EVP_PKEY_get_size(key)), member.subject);
    if (!blob) {
        member.blob = Outcome::fail(blob.failure());
        member.signature = member.object = Outcome::blocked("the blob could not be parsed");
        return;
    }
    member.parsed = std::move(*blob);
    member.blob =
        Outcome::pass(member.subject, "firmware " + std::string(layout_name(member.parsed->layout)) + " layout");
    member.signature = verify_blob_signature(libctx_, *member.parsed, key, member.subject);
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
    auto made = make_public_key(libctx_, *public_.key, exponent(), public_.subject);
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
    const bool pool_known = chains_.pool_root != nullptr;
    add("bind.pool", pool_known ? bind_pool(evidence(), subject_attribute(chains_.pool_root, NID_commonName), asked)
                                : Outcome::blocked("owner.chain"));
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
        add(given.id, known ? bind_given(libctx_, given.kind, *given.bytes, public_key_.get())
                            : Outcome::blocked("object.private or object.public"));
    }
}

std::optional<bool> fips_mode(X509 *adapter) {
    const auto name = subject_attribute(adapter, NID_commonName);
    if (name.ends_with("for non-FIPS mode")) return false;
    if (name.ends_with("for FIPS mode")) return true;
    return std::nullopt;
}

void Appraisal::check_policy() {
    for (const auto &demand : policy_.demands) {
        auto outcome = Outcome::blocked("object.private");
        if (private_.key) {
            const Appraised appraised{&*private_.key, owner_.trust, fips_mode(chains_.adapter)};
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
    add("certs.parse", certs_);
    add("hw.chain", chains_.hw_chain);
    add("hw.time", hw_time_);
    add("owner.chain", chains_.owner_chain);
    add("owner.time", owner_time_);
    add("owner.authenticated", owner_.outcome);
    add("partition.key", partition_);
}

void Appraisal::add_members() {
    add("blob.private", private_.blob);
    add("blob.public", public_.blob);
    add("signature.private", private_.signature);
    add("signature.public", public_.signature);
    add("object.private", private_.object);
    add("object.public", public_.object);
}

Report Appraisal::run(ByteView json) {
    for (const auto &root : embedded_hsm_roots()) {
        if (!trust_.embedded_hsm_roots) break;
        if (auto parsed = parse_anchors(libctx_, as_bytes(root.pem)))
            std::ranges::move(*parsed, std::back_inserter(roots_));
    }
    for (const auto &root : trust_.hsm_roots) {
        X509_up_ref(root.get());
        roots_.emplace_back(root.get());
    }
    decoded_ = decode_evidence(json);
    check_bundle();
    check_owner();
    check_partition();
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
    return std::move(report_);
}

std::string between(std::string_view text, std::string_view after, std::string_view before) {
    const auto start = text.find(after);
    if (start == std::string_view::npos) return {};
    const auto rest = text.substr(start + after.size());
    return std::string(rest.substr(0, rest.find(before)));
}

void Appraisal::collect_facts(ByteView json) {
    report_.time = time_;
    report_.policy = printable(policy_.name);
    report_.owner_mode = trust_.owner_mode;
    report_.service = evidence().service;
    if (report_.service.recovery_level) report_.service.recovery_level = printable(*report_.service.recovery_level);
    if (evidence().key && evidence().key->kid) report_.kid = printable(*evidence().key->kid);
    const auto digest = sha256(libctx_, json);
    if (digest && decoded_.json.reason != Reason::json_too_large) report_.evidence_sha256 = hex(*digest);
    if (chains_.adapter != nullptr) {
        const auto adapter = printable(display_name(chains_.adapter));
        HsmFacts hsm;
        hsm.serial = between(adapter, "HSM:", ",");
        hsm.partition = between(printable(display_name(chains_.partition)), "HSM:", ",");
        hsm.fips_words = between(adapter, ", ", "\n");
        if (private_.parsed) hsm.firmware_layout = layout_name(private_.parsed->layout);
        hsm.root_subject = printable(subject_name(chains_.hsm_root));
        hsm.root_sha256 = fingerprint(libctx_, chains_.hsm_root);
        report_.hsm = std::move(hsm);
    }
    if (chains_.pool_root != nullptr)
        report_.owner = OwnerFacts{printable(display_name(chains_.pool_root)), fingerprint(libctx_, chains_.pool_root),
                                   owner_.trust};
    collect_certificates();
    collect_key();
    collect_objects(private_, "private");
    collect_objects(public_, "public");
}

void Appraisal::collect_certificates() {
    std::vector<X509 *> listed;
    const auto list = [&](X509 *certificate, const char *role) {
        if (certificate == nullptr) return;
        const auto same = [certificate](X509 *other) { return same_certificate(other, certificate); };
        if (std::ranges::any_of(listed, same)) return;
        listed.push_back(certificate);
        report_.certificates.push_back({role, printable(subject_name(certificate)), printable(issuer_name(certificate)),
                                        fingerprint(libctx_, certificate), not_before(certificate),
                                        not_after(certificate), certificate_der(certificate)});
    };
    list(chains_.hsm_root, "hsm-root");
    list(chains_.adapter, "adapter");
    list(chains_.partition, "partition");
    list(chains_.pool_root, "pool-root");
    list(chains_.owner_partition, "owner-partition");
    for (const auto &certificate : bundle_) list(certificate.get(), "unused");
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

void Appraisal::collect_key() {
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
    if (public_key_) facts.public_key = public_key_der(public_key_.get());
    report_.key = std::move(facts);
}

void Appraisal::collect_objects(const Member &member, const char *name) {
    if (!member.signature.passed() || !member.parsed) return;
    for (const auto &object : member.parsed->objects) {
        ObjectFacts facts{name, object_class_name(object), object.handle, {}};
        for (const auto &attribute : object.attributes)
            facts.attributes.push_back({attribute.type, attribute_name(attribute.type), render_value(attribute),
                                        attribute.value ? std::optional(hex(*attribute.value)) : std::nullopt});
        report_.objects.push_back(std::move(facts));
    }
}

}  // namespace

Report verify(OSSL_LIB_CTX *libctx, ByteView json, const Trust &trust, const Policy &policy,
              const Expectations &expectations, VerificationTime time) {
    const ErrorScope errors;
    return Appraisal(libctx, trust, policy, expectations, time).run(json);
}

}  // namespace mhsm
