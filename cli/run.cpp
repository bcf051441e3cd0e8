#include "run.h"

#include <openssl/crypto.h>
#include <unistd.h>

#include "batch.h"
#include "clock.h"
#include "core/report_json.h"
#include "fetch.h"
#include "input.h"
#include "known_pools.h"
#include "list.h"
#include "output.h"
#include "pool_run.h"
#include "render_details.h"
#include "render_text.h"
#include "setup.h"
#include "shell_init.h"

namespace mhsm::cli {
namespace {

Exit write_or_complain(const std::string &path, std::string_view what, std::string_view text) {
    const auto written = write_output(path, text);
    if (written.passed()) return Exit::verified;
    complain("Could not write " + std::string(what) + " to " + written.subject + ": " + written.detail);
    return Exit::trouble;
}

std::string report_path(const Options &options) { return options.out.value_or("-"); }

std::string version_text() {
    return "openssl-attest " MHSMATTEST_VERSION " (Library: " + std::string(OpenSSL_version(OPENSSL_VERSION)) + ")\n";
}

// What is printed without looking at any evidence; empty if evidence was asked about.
std::string information(const Options &options) {
    if (options.help) return help_text();
    if (options.version) return version_text();
    if (options.shell_init) return std::string(shell_init(*options.shell_init));
    if (options.list_hsm_roots) return list_hsm_roots();
    if (options.list_policies) return list_policies();
    if (options.list_demands) return list_demands();
    return {};
}

std::string source_name(const Options &options) {
    if (options.uri) return printable(*options.uri);
    const auto path = options.in.value_or("-");
    return path == "-" ? "<stdin>" : printable(path);
}

// The evidence as the service or a file gives it; nothing, and a complaint, if it cannot be had.
struct Source {
    Bytes evidence;
    std::string tls_pool;  // as in Trust
};

std::optional<Source> fetch_evidence(const Options &options) {
    auto session = open_session(options);
    if (!session) {
        complain("Could not fetch evidence: " + session.error().text);
        return std::nullopt;
    }
    auto answer = session->get(*options.uri);
    if (!answer) {
        complain("Could not fetch evidence: " + answer.error().text);
        return std::nullopt;
    }
    const auto bytes = as_bytes(answer->bytes);
    return Source{Bytes(bytes.begin(), bytes.end()), answer->tls_pool.value_or("")};
}

std::optional<Source> read_evidence(const Options &options) {
    const auto path = options.in.value_or("-");
    if (path == "-" && ::isatty(STDIN_FILENO) == 1) complain("Reading evidence from stdin; end it with Ctrl-D");
    auto bytes = read_at_most(path, JsonLimits{}.bytes + 1);
    if (bytes) return Source{std::move(*bytes), {}};
    complain("Could not read evidence from " + bytes.failure().subject + ": " + bytes.failure().detail);
    return std::nullopt;
}

void say_what_is_trusted(const Options &options, const Setup &setup, const Bytes &evidence, VerificationTime time) {
    if (!options.verbose) return;
    const auto &trust = setup.trust;
    const auto embedded = trust.embedded_hsm_roots ? embedded_hsm_roots().size() : 0;
    complain("Read " + std::to_string(evidence.size()) + " bytes of evidence from " + source_name(options));
    complain("Trusting " + std::to_string(embedded) + " embedded and " + std::to_string(trust.hsm_roots.size()) +
             " given HSM roots");
    complain("Trusting " + std::to_string(trust.owner_pins.size()) + " pinned pool roots and " +
             std::to_string(trust.known_pools.size()) + " known pools, owner trust " +
             std::string(owner_mode_name(trust.owner_mode)));
    complain("Policy " + setup.policy.name + " with " + std::to_string(setup.policy.demands.size()) + " demands");
    complain(time ? "Verifying for " + utc_time(*time) : std::string("Not checking dates"));
}

std::string render(const Report &report, const Options &options) {
    const auto format = options.outform.value_or("text");
    if (format == "json") return report_json(report, true) + "\n";
    if (format == "ear") return report_ear(report, now(), true) + "\n";
    const Style style{!options.nocolor && report_path(options) == "-" && colour_wanted()};
    if (options.brief) return render_brief(report, source_name(options), style);
    auto text = render_text(report, options, style);
    if (options.text) text += render_objects(report) + render_certificates(report);
    return text;
}

Exit write_certificates(const Report &report, const Options &options) {
    if (!options.certs_out) return Exit::verified;
    if (!report.certificates.empty())
        return write_or_complain(*options.certs_out, "the certificates", certificates_pem(report));
    complain("Certificates not written to " + printable(*options.certs_out) + ": the evidence holds none that parse");
    return Exit::verified;
}

Exit write_public_key(const Report &report, const Options &options) {
    if (!options.pubout) return Exit::verified;
    if (verdict(report) != Verdict::verified) {
        const bool left = *options.pubout != "-" && ::access(options.pubout->c_str(), F_OK) == 0;
        complain("Public key not written to " + printable(*options.pubout) + ": the evidence is not verified" +
                 (left ? "; what the file holds is older" : ""));
        return Exit::verified;
    }
    if (report.key && !report.key->public_key.empty())
        return write_or_complain(*options.pubout, "the public key", pem("PUBLIC KEY", report.key->public_key.der()));
    complain("Public key not written to " + printable(*options.pubout) + ": a symmetric key has none");
    return Exit::trouble;
}

Exit write_report(const Report &report, const Options &options) {
    if (options.noout || (options.quiet && !options.out)) return Exit::verified;
    return write_or_complain(report_path(options), "the report", render(report, options));
}

Exit save_evidence(const Options &options, const Source &source) {
    if (!options.save) return Exit::verified;
    return write_or_complain(*options.save, "the evidence", as_text(source.evidence));
}

Exit appraise(const Options &options) {
    auto setup = read_setup(options);
    if (!setup) {
        complain(describe(setup.failure()));
        return Exit::usage;
    }
    const auto source = options.uri ? fetch_evidence(options) : read_evidence(options);
    if (!source) return Exit::trouble;
    setup->trust.tls_pool = source->tls_pool;
    const auto time = verification_time(options);
    say_what_is_trusted(options, setup.value(), source->evidence, time);
    const auto report = verify(nullptr, source->evidence, setup->trust, setup->policy, setup->expectations, time);
    auto written = save_evidence(options, *source);
    for (const auto step : {write_certificates, write_report, write_public_key})
        if (const auto result = step(report, options); result != Exit::verified) written = result;
    const auto recorded = options.trust_pool ? trust_pool(report, options, source->tls_pool) : Exit::verified;
    if (written != Exit::verified) return written;
    if (verdict(report) != Verdict::verified) return Exit::not_verified;
    return recorded;
}

}  // namespace

Exit run(const Options &options) {
    const auto text = information(options);
    if (text.empty() && options.batch) return run_batch(options);
    if (text.empty()) return options.pool ? run_pool(options) : appraise(options);
    return write_or_complain(options.help ? "-" : report_path(options), "the answer", text);
}

}  // namespace mhsm::cli
