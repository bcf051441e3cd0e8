#include "pool_run.h"

#include <filesystem>

#include "clock.h"
#include "entries.h"
#include "fetch.h"
#include "interrupt.h"
#include "known_pools.h"
#include "resume_file.h"
#include "setup.h"
#include "support/pool_verifier.h"
#include "text.h"

namespace mhsm::cli {
namespace {

constexpr std::string_view word_verified = "verified";

// "verified", or the first obstacle as "<check>/<reason>".
std::string outcome_word(const EntryLine &line) {
    if (line.verdict == EntryVerdict::verified) return std::string(word_verified);
    return concat({line.check, "/", reason_id(line.reason)});
}

void count_outcome(Totals &totals, std::string_view word) {
    EntryLine line;
    line.verdict = word == word_verified ? EntryVerdict::verified : EntryVerdict::not_verified;
    const auto slash = word.find('/');
    line.check = word.substr(0, slash);
    if (slash != std::string_view::npos) line.reason = parse_reason(word.substr(slash + 1)).value_or(Reason::none);
    totals.count(line);
}

// Everything that the outcomes depend on beside the evidence.
std::string settings_text(const Setup &setup, const Options &options) {
    std::string text = concat({setup.policy.name, "\n", owner_mode_name(setup.trust.owner_mode), "\n"});
    for (const auto &demand : setup.policy.demands) text += concat({demand.name, "=", demand.argument, "\n"});
    for (const auto &pin : setup.trust.owner_pins) text += concat({"pin ", hex(pin), "\n"});
    for (const auto &root : setup.trust.hsm_roots) text += concat({"root ", fingerprint(nullptr, root.get()), "\n"});
    text += concat({setup.trust.embedded_hsm_roots ? "embedded" : "", "\n", options.all_versions ? "versions" : ""});
    if (options.attime) text += concat({"\nattime ", std::to_string(*options.attime)});
    return text + (options.no_check_time ? "\nno_check_time" : "");
}

// "<name>.<version>.json", which holds no character that could leave the folder.
std::string saved_name(const KeyUrl &key) {
    return concat({key.name, key.version.empty() ? "" : ".", key.version, ".json"});
}

class PoolRun {
public:
    PoolRun(const Options &options, Setup setup, EntryFormat format, OutputStream &output)
        : options_(options),
          setup_(std::move(setup)),
          format_(format),
          progress_(!options.quiet),
          writer_(output, progress_, format),
          style_{!options.nocolor && !options.out && format == EntryFormat::text && colour_wanted()} {}

    // Opens what -resume and -save name; complains if that fails.
    Exit prepare();
    Exit run(fetch::Session &session);

private:
    bool wanted(std::string_view url) const { return !resume_ || !resume_->is_done(url); }
    bool take(const fetch::Key &key);
    Entry appraise(const fetch::Key &key);
    void save(const KeyUrl &key, std::string_view evidence, Entry &entry);
    void remember_root(const Report &report, const std::string &tls_pool);
    bool flush();
    bool stop(std::string why);
    Exit finish();

    const Options &options_;
    Setup setup_;
    support::PoolVerifier verifiers_{nullptr, setup_.trust};
    const EntryFormat format_;
    Progress progress_;
    EntryWriter writer_;
    const Style style_;
    Totals before_;  // of the runs that -resume goes on with
    std::optional<ResumeFile> resume_;
    std::vector<std::pair<std::string, std::string>> unrecorded_;  // outcomes and URLs whose lines are not written yet
    std::string trouble_;                                          // why the run ended before its time
    bool root_known_ = false;
};

Exit PoolRun::prepare() {
    if (options_.save) {
        std::error_code error;
        std::filesystem::create_directories(*options_.save, error);
        if (error) {
            complain(concat({"-save ", printable(*options_.save), ": ", error.message()}));
            return Exit::usage;
        }
    }
    if (!options_.resume) return Exit::verified;
    auto resume = ResumeFile::open(*options_.resume, *options_.pool, settings_text(setup_, options_),
                                   [this](std::string_view word) { count_outcome(before_, word); });
    if (!resume) {
        complain(concat({"-resume ", resume.failure().subject, ": ", resume.failure().detail}));
        return Exit::usage;
    }
    resume_ = std::move(*resume);
    return Exit::verified;
}

bool PoolRun::stop(std::string why) {
    if (trouble_.empty()) trouble_ = std::move(why);
    return false;
}

// A key is recorded as done only after its line left this process, so that no line is lost.
bool PoolRun::flush() {
    if (const auto flushed = writer_.flush(); !flushed.passed())
        return stop(concat({"Could not write to ", flushed.subject, ": ", flushed.detail}));
    for (const auto &[word, url] : unrecorded_) {
        const auto added = resume_->add(word, url);
        if (!added.passed()) return stop(concat({"Could not write to ", added.subject, ": ", added.detail}));
    }
    unrecorded_.clear();
    return true;
}

void PoolRun::save(const KeyUrl &key, std::string_view evidence, Entry &entry) {
    if (!options_.save || !entry.error.empty()) return;
    const auto path = (std::filesystem::path(*options_.save) / saved_name(key)).string();
    const auto written = write_output(path, evidence);
    if (written.passed()) return;
    entry.report.reset();
    entry.error = concat({"could not be saved to ", written.subject, ": ", written.detail});
}

Entry PoolRun::appraise(const fetch::Key &key) {
    Entry entry;
    entry.id = key.url;
    if (!key.answer) {
        entry.error = key.answer.error().text;
        return entry;
    }
    const auto &answer = *key.answer;
    auto request = parse_request_url(key.url);
    if (!request) {
        entry.error = "the service lists it under a URL that is none of a key";
        return entry;
    }
    setup_.expectations.request = *request;
    entry.report = verifiers_.of(answer.tls_pool.value_or(""))
                       .verify(as_bytes(answer.bytes), setup_.policy, setup_.expectations, verification_time(options_));
    save(*request, answer.bytes, entry);
    return entry;
}

// -trust_pool: one key of the pool that verifies shows its root as well as all do.
void PoolRun::remember_root(const Report &report, const std::string &tls_pool) {
    if (!options_.trust_pool || root_known_ || verdict(report) != Verdict::verified) return;
    root_known_ = true;
    progress_.clear();
    trust_pool(report, options_, tls_pool);
}

bool PoolRun::take(const fetch::Key &key) {
    const auto entry = appraise(key);
    if (entry.report) remember_root(*entry.report, key.answer->tls_pool.value_or(""));
    const auto line = render_entry(entry, format_, style_);
    if (const auto written = writer_.write(line); !written.passed())
        return stop(concat({"Could not write to ", written.subject, ": ", written.detail}));
    // What could not be fetched this time is fetched again the next.
    if (resume_ && line.verdict != EntryVerdict::error) unrecorded_.emplace_back(outcome_word(line), key.url);
    return true;
}

Exit PoolRun::finish() {
    flush();
    progress_.clear();
    const bool complete = trouble_.empty();
    if (!complete) complain(trouble_);
    auto totals = writer_.totals();
    totals.add(before_);
    if (complete && options_.trust_pool && !root_known_) complain("Pool not recorded: no evidence of it is verified");
    const auto result = report_totals(totals, !complete, options_.quiet, options_.totals);
    return complete || result == Exit::not_verified ? result : Exit::trouble;
}

Exit PoolRun::run(fetch::Session &session) {
    fetch::Run run;
    run.all_versions = options_.all_versions;
    run.wanted = [this](std::string_view url) { return wanted(url); };
    run.on_key = [this](const fetch::Key &key) { return take(key); };
    run.on_progress = [this](const MHSM_FETCH_PROGRESS &progress) {
        // Results are seen as they come, not only when there are many.
        if (flush()) progress_.update({progress.done, progress.done, progress.complete != 0 ? progress.listed : 0});
    };
    const auto error = session.pool(*options_.pool, run);
    if (Interrupt::asked())
        stop("Interrupted; what is done is reported");
    else if (error && trouble_.empty())
        stop("Could not fetch the pool: " + error->text);
    return finish();
}

}  // namespace

Exit run_pool(const Options &options) {
    auto setup = read_setup(options);
    if (!setup) {
        complain(describe(setup.failure()));
        return Exit::usage;
    }
    // With -resume the results of all runs are in one file.
    using Mode = OutputStream::Mode;
    auto output = OutputStream::open(options.out.value_or("-"), options.resume ? Mode::append : Mode::replace);
    if (!output) {
        complain(concat({"Could not write to ", output.failure().subject, ": ", output.failure().detail}));
        return Exit::trouble;
    }
    const auto format = parse_entry_format(options.outform.value_or("text")).value_or(EntryFormat::text);
    PoolRun run(options, std::move(*setup), format, *output);
    if (const auto prepared = run.prepare(); prepared != Exit::verified) return prepared;
    const Interrupt interrupt;
    auto session = open_session(options);
    if (!session) {
        complain("Could not fetch the pool: " + session.error().text);
        return Exit::trouble;
    }
    const auto result = run.run(*session);
    if (const auto finished = output->finish(); !finished.passed()) {
        complain(concat({"Could not write to ", finished.subject, ": ", finished.detail}));
        return Exit::trouble;
    }
    return result;
}

}  // namespace mhsm::cli
