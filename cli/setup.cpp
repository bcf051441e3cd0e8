#include "setup.h"

#include <iterator>

#include "diagnostics.h"
#include "input.h"
#include "known_pools.h"

namespace mhsm::cli {
namespace {

using Path = Options::Text;

// A failure about the file that an option names.
Failure in_option(std::string_view option, const std::string &path, Failure failure) {
    std::string subject = std::string(option) + " " + printable(path);
    if (!failure.subject.empty() && failure.subject != printable(path)) subject += ": " + failure.subject;
    failure.subject = std::move(subject);
    return failure;
}

Result<std::vector<X509Ptr>> read_anchors(std::string_view option, const std::string &path) {
    const auto bytes = read_small_file(path);
    if (!bytes) return in_option(option, path, bytes.failure());
    auto anchors = parse_anchors(nullptr, bytes.value());
    if (!anchors) return in_option(option, path, anchors.failure());
    return anchors;
}

Outcome add_hsm_roots(const Options &options, Trust &trust) {
    trust.embedded_hsm_roots = !options.no_default_hsm_roots;
    for (const auto &path : options.hsm_root) {
        auto roots = read_anchors("-hsm_root", path);
        if (!roots) return Outcome::fail(roots.failure());
        std::move(roots->begin(), roots->end(), std::back_inserter(trust.hsm_roots));
    }
    return Outcome::pass();
}

Outcome add_owner_root(const Options &options, Trust &trust) {
    if (!options.owner_root) return Outcome::pass();
    const auto roots = read_anchors("-owner_root", *options.owner_root);
    if (!roots) return Outcome::fail(roots.failure());
    for (const auto &root : roots.value()) {
        const auto digest = sha256(nullptr, certificate_der(root.get()));
        if (!digest) return Outcome::fail(Reason::internal, "-owner_root", "no SHA-256");
        trust.owner_pins.push_back(*digest);
    }
    return Outcome::pass();
}

Outcome add_owner_pins(const Options &options, Trust &trust) {
    for (const auto &text : options.owner_pin) {
        const auto pin = parse_pin(text);
        if (!pin) return Outcome::fail(pin.failure().reason, "-owner_pin", pin.failure().detail);
        trust.owner_pins.push_back(pin.value());
    }
    return Outcome::pass();
}

Outcome add_known_pools(const Options &options, Trust &trust) {
    const auto path = known_pools_path(options);
    if (path.empty()) return Outcome::pass();
    auto pools = read_known_pools(path, !options.known_pools || options.trust_pool);
    if (!pools) return Outcome::fail(in_option("-known_pools", path, pools.failure()));
    trust.known_pools = std::move(pools.value());
    return Outcome::pass();
}

bool looks_like_file(const std::string &name) { return name.find_first_of("./") != std::string::npos; }

Result<Policy> read_policy(const Path &given) {
    if (!given) return Policy{};
    auto named = named_policy(*given);
    if (named) return named;
    const auto bytes = read_small_file(*given);
    if (!bytes && !looks_like_file(*given)) return in_option("-policy", *given, named.failure());
    if (!bytes) return in_option("-policy", *given, bytes.failure());
    auto policy = parse_policy(bytes.value());
    if (!policy) return in_option("-policy", *given, policy.failure());
    return policy;
}

Outcome add_requirements(const Options &options, Policy &policy) {
    for (const auto &list : options.require) {
        const auto added = add_demands(policy, list);
        if (added.status == Status::fail)
            return Outcome::fail(in_option("-require", list, {added.reason, added.subject, added.detail}));
    }
    return Outcome::pass();
}

struct GivenFile {
    std::string_view option;
    const Path &path;
    std::optional<Bytes> &field;
};

Outcome read_given(const GivenFile &file) {
    if (!file.path) return Outcome::pass();
    auto bytes = read_small_file(*file.path);
    if (!bytes) return Outcome::fail(in_option(file.option, *file.path, bytes.failure()));
    file.field = std::move(bytes.value());
    return Outcome::pass();
}

Outcome read_expectations(const Options &options, Expectations &expectations) {
    const GivenFile files[] = {{"-csr", options.csr, expectations.csr},
                               {"-cert", options.cert, expectations.certificate},
                               {"-pubkey", options.pubkey, expectations.public_key}};
    for (const auto &file : files) {
        auto read = read_given(file);
        if (read.status == Status::fail) return read;
    }
    if (!options.uri) return Outcome::pass();
    auto request = parse_request_url(*options.uri);
    if (!request)
        return Outcome::fail(Reason::none, "-uri " + printable(*options.uri),
                             "expected https://<pool>.managedhsm.azure.net/keys/<name>[/<version>]");
    expectations.request = std::move(request.value());
    return Outcome::pass();
}

}  // namespace

std::string known_pools_path(const Options &options) { return options.known_pools.value_or(default_known_pools()); }

Exit trust_pool(const Report &report, const Options &options, const std::string &tls_pool) {
    const auto refuse = [](std::string_view why) {
        complain("Pool not recorded: " + std::string(why));
        return Exit::trouble;
    };
    if (tls_pool.empty()) return refuse("the evidence did not come from the pool's own host in a Managed HSM domain");
    if (verdict(report) != Verdict::verified) return refuse("the evidence is not verified");
    const auto path = known_pools_path(options);
    if (path.empty()) return refuse("HOME is not set; name a file with -known_pools");
    const auto root = parse_pin("sha256:" + report.owner->root_sha256);
    const auto recorded = record_pool(path, report.owner->pool, root.value());
    if (!recorded) return refuse(describe(recorded.failure()));
    if (*recorded && !options.quiet) complain("Recorded the root of pool " + report.owner->pool + " in " + path);
    return Exit::verified;
}

Result<Setup> read_setup(const Options &options) {
    Setup setup;
    auto policy = read_policy(options.policy);
    if (!policy) return policy.failure();
    setup.policy = std::move(policy.value());
    if (options.owner_trust)
        setup.trust.owner_mode = parse_owner_mode(*options.owner_trust).value_or(OwnerTrustMode::authenticated);
    for (const auto step : {add_owner_pins, add_hsm_roots, add_owner_root, add_known_pools}) {
        const auto added = step(options, setup.trust);
        if (!added.passed()) return Failure{added.reason, added.subject, added.detail};
    }
    auto outcome = add_requirements(options, setup.policy);
    if (outcome.passed()) outcome = read_expectations(options, setup.expectations);
    if (!outcome.passed()) return Failure{outcome.reason, outcome.subject, outcome.detail};
    return setup;
}

}  // namespace mhsm::cli
