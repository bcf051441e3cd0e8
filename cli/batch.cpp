#include "batch.h"

#include <unistd.h>

#include "clock.h"
#include "entries.h"
#include "entry_source.h"
#include "input.h"
#include "interrupt.h"
#include "setup.h"
#include "text.h"
#include "workers.h"

namespace mhsm::cli {
namespace {

// Entries travel together, so that handing them over costs next to nothing.
struct Group {
    std::vector<RawEntry> entries;
    std::size_t bytes = 0;
    Done done;  // how far the input is after it
    std::vector<EntryLine> lines;

    bool full() const { return entries.size() >= 64 || bytes >= std::size_t{96} << 10U; }
};

class Batch {
public:
    Batch(const Options &options, const Setup &setup, OutputStream &output)
        : options_(options),
          setup_(setup),
          format_(parse_entry_format(options.outform.value_or("text")).value_or(EntryFormat::text)),
          time_(verification_time(options)),
          threads_(thread_count(options)),
          silent_(options.noout || (options.quiet && !options.out)),
          style_{!options.nocolor && !options.out && format_ == EntryFormat::text && colour_wanted()},
          verifier_(nullptr, setup.trust),
          progress_(!options.quiet),
          writer_(output, progress_, silent_ ? EntryFormat::text : format_) {
        for (std::size_t i = 0; i < threads_; ++i) keys_.emplace_back(nullptr);
    }

    Exit run(EntrySource &source);

private:
    static std::size_t thread_count(const Options &options);
    Entry appraise(RawEntry &raw, KeyMaker &keys);
    void work(Group &group, std::size_t thread);
    bool give_on(Group &group);
    bool flush();
    void read_all(EntrySource &source);
    Exit finish(const EntrySource &source);

    const Options &options_;
    const Setup &setup_;
    const EntryFormat format_;
    const VerificationTime time_;
    const std::size_t threads_;
    const bool silent_;
    const Style style_;
    Verifier verifier_;
    std::vector<KeyMaker> keys_;  // one for each thread
    Progress progress_;
    EntryWriter writer_;  // used by the thread that gives lines on
    Outcome output_ = Outcome::pass();
};

std::size_t Batch::thread_count(const Options &options) {
    if (options.jobs) return static_cast<std::size_t>(*options.jobs);
    return std::max(1U, std::thread::hardware_concurrency());
}

Entry Batch::appraise(RawEntry &raw, KeyMaker &keys) {
    Entry entry;
    entry.id = std::move(raw.id);
    entry.error = std::move(raw.error);
    if (!entry.error.empty()) return entry;
    if (!raw.path.empty()) {
        auto read = read_at_most(raw.path, evidence_limit);
        if (!read) {
            entry.error = read.failure().detail;
            return entry;
        }
        raw.evidence = share(std::move(*read));
    }
    entry.report = verifier_.verify(raw.evidence, keys, setup_.policy, setup_.expectations, time_);
    return entry;
}

void Batch::work(Group &group, std::size_t thread) {
    group.lines.reserve(group.entries.size());
    for (auto &raw : group.entries) group.lines.push_back(render_entry(appraise(raw, keys_[thread]), format_, style_));
    group.entries.clear();
}

bool Batch::give_on(Group &group) {
    for (auto &line : group.lines) {
        if (silent_) line.text.clear();
        output_ = writer_.write(line);
        if (!output_.passed()) return false;
    }
    group.done.entries = writer_.totals().entries();
    progress_.update(group.done);
    // An empty group says that the input keeps us waiting: nobody else should wait then.
    return group.lines.empty() ? flush() : true;
}

bool Batch::flush() {
    output_ = writer_.flush();
    return output_.passed();
}

void Batch::read_all(EntrySource &source) {
    Workers<Group> workers(
        threads_, [this](Group &group, std::size_t thread) { work(group, thread); },
        [this](Group &group) { return give_on(group); });
    Group group;
    bool going = true;
    const auto hand_over = [&] {
        group.done = source.position();
        going = workers.put(std::exchange(group, {})) && going && !Interrupt::asked_meanwhile();
    };
    source.on_wait([&] {
        if (!group.entries.empty()) hand_over();
        if (going) hand_over();
        going = going && workers.help();
    });
    while (going) {
        auto raw = source.next();
        if (!raw) break;
        group.bytes += raw->evidence.bytes.size();
        group.entries.push_back(std::move(*raw));
        if (group.full()) hand_over();
    }
    source.on_wait(nullptr);
    if (going) hand_over();
    workers.close();
}

Exit Batch::finish(const EntrySource &source) {
    if (output_.passed()) flush();
    progress_.clear();
    if (!output_.passed()) complain(concat({"Could not write to ", output_.subject, ": ", output_.detail}));
    const bool interrupted = Interrupt::asked();
    const auto trouble = interrupted ? std::string() : source.trouble();
    if (!trouble.empty()) complain("Could not read the input to its end: " + trouble);
    const bool complete = output_.passed() && !interrupted && trouble.empty();
    const auto result = report_totals(writer_.totals(), !complete, options_.quiet, options_.totals);
    return complete || result == Exit::not_verified ? result : Exit::trouble;
}

Exit Batch::run(EntrySource &source) {
    const Interrupt::Held held;
    read_all(source);
    return finish(source);
}

}  // namespace

Exit run_batch(const Options &options) {
    const auto setup = read_setup(options);
    if (!setup) {
        complain(describe(setup.failure()));
        return Exit::usage;
    }
    if (options.in.value_or("-") == "-" && ::isatty(STDIN_FILENO) == 1)
        complain("Reading entries from stdin; end them with Ctrl-D");
    const Interrupt interrupt;
    auto source = open_source(options);
    if (!source) {
        complain(concat({"Could not read ", source.failure().subject, ": ", source.failure().detail}));
        return Exit::trouble;
    }
    auto output = OutputStream::open(options.out.value_or("-"));
    if (!output) {
        complain(concat({"Could not write to ", output.failure().subject, ": ", output.failure().detail}));
        return Exit::trouble;
    }
    Batch batch(options, *setup, *output);
    const auto result = batch.run(**source);
    if (const auto finished = output->finish(); !finished.passed()) {
        complain(concat({"Could not write to ", finished.subject, ": ", finished.detail}));
        return Exit::trouble;
    }
    return result;
}

}  // namespace mhsm::cli
