// Runs over many keys (a batch, a whole pool): one line for each entry, and what all of them came to.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/report.h"
#include "diagnostics.h"
#include "output.h"
#include "progress.h"
#include "style.h"

namespace mhsm::cli {

// One entry of a run: the report on it, or why there is none.
struct Entry {
    std::string id;                // line number, file name or URL as given; it is escaped when it is rendered
    std::optional<Report> report;  // none: the evidence could not be read or fetched
    std::string error;             // then why: one sentence, without the id
};

enum class EntryFormat { text, json, csv };
// The words of -outform that name a format of entries.
std::optional<EntryFormat> parse_entry_format(std::string_view word);

enum class EntryVerdict { verified, not_verified, error };

// What is written about one entry, and what is counted.
struct EntryLine {
    std::string text;  // with the end of its line
    EntryVerdict verdict = EntryVerdict::error;
    std::string check;  // the first obstacle, if the entry is not verified
    Reason reason = Reason::none;
};

// A pure function: any thread may render. JSON: docs/entries.schema.json. CSV: RFC 4180, and no field that a
// spreadsheet would take for a formula.
EntryLine render_entry(const Entry &entry, EntryFormat format, const Style &style);
// The line before the first entry; empty unless the format has one.
std::string entries_heading(EntryFormat format);

struct Totals {
    std::uint64_t verified = 0, not_verified = 0, errors = 0;
    std::map<std::pair<std::string, Reason>, std::uint64_t> obstacles;  // by check and reason: of those not verified

    void count(const EntryLine &line);
    void add(const Totals &other);
    std::uint64_t entries() const { return verified + not_verified + errors; }
};

// For people: lines for complain(). `interrupted`: entries were left.
std::string totals_words(const Totals &totals, bool interrupted);
// For programs: one JSON object and a newline, `totals` of docs/entries.schema.json.
std::string totals_json(const Totals &totals, bool interrupted);
// not_verified if any entry is not verified; else trouble if any could not be read or fetched, or if there was none
// at all (nothing was verified); else verified.
Exit exit_of(const Totals &totals);

// Writes lines in the order in which they are given. One thread at a time; `output` and `progress` must outlive it.
class EntryWriter {
public:
    // Starts with the heading of the format, unless the output goes on with what holds one.
    EntryWriter(OutputStream &output, Progress &progress, EntryFormat format);

    // Buffers; a failure of the output (disk full, reader gone) ends the run.
    Outcome write(const EntryLine &line);
    // Hands everything to the output: when there is nothing to do but wait, and at the end.
    Outcome flush();

    const Totals &totals() const { return totals_; }

private:
    OutputStream &output_;
    Progress &progress_;
    std::string pending_;
    Outcome written_ = Outcome::pass();  // a failure lasts: what follows lost lines must not be taken for all
    Totals totals_;
};

// The end of every run: totals on stderr unless `quiet`, as JSON in `totals_path` if that is given. The exit status,
// which is not `verified` for a run that was interrupted.
Exit report_totals(const Totals &totals, bool interrupted, bool quiet, const std::optional<std::string> &totals_path);

}  // namespace mhsm::cli
