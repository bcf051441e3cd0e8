#include "entries.h"

#include <algorithm>
#include <array>

#include "core/attributes.h"
#include "core/json_writer.h"
#include "core/reason.h"
#include "render_text.h"
#include "text.h"

namespace mhsm::cli {
namespace {

constexpr int schema_version = 1;
constexpr std::size_t flush_size = std::size_t{64} << 10U;

std::string_view verdict_word(EntryVerdict verdict) {
    switch (verdict) {
        case EntryVerdict::verified: return "verified";
        case EntryVerdict::not_verified: return "not verified";
        case EntryVerdict::error: break;
    }
    return "error";
}

// No URL or file name is this long; what a hostile one says is not worth a line of a megabyte.
constexpr std::size_t longest_field = 4200;

std::string shortened(std::string text) {
    if (text.size() > longest_field) text.replace(longest_field, std::string::npos, "...");
    return text;
}

struct Field {
    std::string_view name, value;  // an empty value: nothing to say
    bool number = false;
};

// The one list of what a line says, for JSON and CSV: `take(field)` is called for each, in order.
template <class Take>
void for_each_field(const Entry &entry, const EntryLine &line, Take take) {
    static const Report nothing;
    const auto &report = entry.report ? *entry.report : nothing;
    const auto *obstacle = line.verdict == EntryVerdict::not_verified ? first_obstacle(report) : nullptr;
    const auto text = [](const auto &facts, auto member) {
        return facts ? std::string_view((*facts).*member) : std::string_view();
    };
    take(Field{"id", entry.id});
    take(Field{"verdict", verdict_word(line.verdict)});
    take(Field{"check", line.check});
    take(Field{"reason", reason_id(line.reason)});
    take(Field{"message", reason_text(line.reason)});
    take(Field{"detail", obstacle != nullptr ? std::string_view(obstacle->outcome.detail) : std::string_view()});
    take(Field{"kid", report.kid});
    take(Field{"key_type", text(report.key, &KeyFacts::type)});
    take(Field{"key_bits", report.key ? std::to_string(report.key->bits) : std::string(), true});
    take(Field{"key_curve", text(report.key, &KeyFacts::curve)});
    take(Field{"key_id", text(report.key, &KeyFacts::id)});
    take(Field{"pool", text(report.owner, &OwnerFacts::pool)});
    take(Field{"owner_trust", report.owner ? owner_trust_name(report.owner->trust) : std::string_view()});
    take(Field{"hsm_serial", text(report.hsm, &HsmFacts::serial)});
    take(Field{"evidence_sha256", report.evidence_sha256.text()});
    take(Field{"error", entry.error});
}

// The value as it may be shown: printable, and no longer than it is worth. Most are as they come.
template <class Show>
void show(std::string_view value, Show show_it) {
    if (value.size() <= longest_field && is_printable(value))
        show_it(value);
    else
        show_it(shortened(printable(value)));
}

// Written by hand, because a batch writes one for every 70 microseconds of work: fields are printable ASCII, in which
// JSON escapes two characters, and hardly any has one.
void append_json_string(std::string &text, std::string_view value) {
    const auto has = [value](char c) { return value.find(c) != std::string_view::npos; };
    text += '"';
    if (!has('"') && !has('\\')) {
        text += value;
    } else {
        for (const char c : value) {
            if (c == '"' || c == '\\') text += '\\';
            text += c;
        }
    }
    text += '"';
}

std::string json_line(const Entry &entry, const EntryLine &line) {
    constexpr std::size_t usual_size = 1024;
    std::string text;
    text.reserve(usual_size);
    text += concat({"{\"version\":", std::to_string(schema_version)});
    for_each_field(entry, line, [&text](const Field &field) {
        text += ",\"";
        text += field.name;
        text += "\":";
        if (field.value.empty())
            text += "null";
        else if (field.number)
            text += field.value;
        else
            show(field.value, [&text](std::string_view shown) { append_json_string(text, shown); });
    });
    text += "}\n";
    return text;
}

// Quoted always, so that no separator, quote or number-like text is misread. What a spreadsheet would run as a
// formula is made text by an apostrophe.
std::string csv_field(std::string_view value) {
    constexpr std::string_view formula = "=+-@\t\r";
    std::string text = "\"";
    if (!value.empty() && formula.find(value.front()) != std::string_view::npos) text += '\'';
    for (const char c : value) {
        if (c == '"') text += '"';
        text += c;
    }
    return text + '"';
}

std::string csv_line(const Entry &entry, const EntryLine &line, std::string_view Field::*member) {
    std::string text;
    for_each_field(entry, line, [&](const Field &field) {
        if (!text.empty()) text += ',';
        show(field.*member, [&text](std::string_view shown) { text += csv_field(shown); });
    });
    return text + "\r\n";
}

std::string text_line(const Entry &entry, const Style &style) {
    const auto id = shortened(printable(entry.id));
    if (entry.report) return render_brief(*entry.report, id, style);
    return concat({id, ": ", style.bad("ERROR"), " ", shortened(printable(entry.error)), "\n"});
}

}  // namespace

std::optional<EntryFormat> parse_entry_format(std::string_view word) {
    if (word == "text") return EntryFormat::text;
    if (word == "json") return EntryFormat::json;
    if (word == "csv") return EntryFormat::csv;
    return std::nullopt;
}

EntryLine render_entry(const Entry &entry, EntryFormat format, const Style &style) {
    EntryLine line;
    if (entry.report) {
        const bool verified = verdict(*entry.report) == Verdict::verified;
        line.verdict = verified ? EntryVerdict::verified : EntryVerdict::not_verified;
        if (const auto *obstacle = verified ? nullptr : first_obstacle(*entry.report)) {
            line.check = obstacle->id;
            line.reason = obstacle->outcome.reason;
        }
    }
    switch (format) {
        case EntryFormat::text: line.text = text_line(entry, style); break;
        case EntryFormat::json: line.text = json_line(entry, line); break;
        case EntryFormat::csv: line.text = csv_line(entry, line, &Field::value); break;
    }
    return line;
}

std::string entries_heading(EntryFormat format) {
    if (format != EntryFormat::csv) return {};
    return csv_line({}, {}, &Field::name);
}

void Totals::count(const EntryLine &line) {
    switch (line.verdict) {
        case EntryVerdict::verified: ++verified; return;
        case EntryVerdict::error: ++errors; return;
        case EntryVerdict::not_verified: break;
    }
    ++not_verified;
    ++obstacles[{line.check, line.reason}];
}

void Totals::add(const Totals &other) {
    verified += other.verified;
    not_verified += other.not_verified;
    errors += other.errors;
    for (const auto &[obstacle, count] : other.obstacles) obstacles[obstacle] += count;
}

std::string totals_words(const Totals &totals, bool interrupted) {
    std::string text = interrupted ? "Incomplete. " : "";
    if (totals.entries() == 0) return text + "No entry was read, so nothing was verified";
    text += concat({std::to_string(totals.entries()), totals.entries() == 1 ? " entry: " : " entries: ",
                    std::to_string(totals.verified), " verified, ", std::to_string(totals.not_verified),
                    " not verified, ", std::to_string(totals.errors), " could not be read or fetched"});
    for (const auto &[obstacle, count] : totals.obstacles)
        text += concat({"; ", std::to_string(count), " x ", obstacle.first, " ", reason_id(obstacle.second)});
    return text;
}

std::string totals_json(const Totals &totals, bool interrupted) {
    const auto root = make_object();
    put_number(root.get(), "version", schema_version);
    put_number(root.get(), "entries", static_cast<double>(totals.entries()));
    put_number(root.get(), "verified", static_cast<double>(totals.verified));
    put_number(root.get(), "not_verified", static_cast<double>(totals.not_verified));
    put_number(root.get(), "errors", static_cast<double>(totals.errors));
    put_bool(root.get(), "interrupted", interrupted);
    cJSON *obstacles = put_array(root.get(), "obstacles");
    for (const auto &[obstacle, count] : totals.obstacles) {
        cJSON *item = append_object(obstacles);
        put(item, "check", obstacle.first);
        put(item, "reason", reason_id(obstacle.second));
        put_number(item, "count", static_cast<double>(count));
    }
    return to_text(root.get(), false) + "\n";
}

Exit exit_of(const Totals &totals) {
    if (totals.not_verified > 0) return Exit::not_verified;
    return totals.errors > 0 || totals.verified == 0 ? Exit::trouble : Exit::verified;
}

EntryWriter::EntryWriter(OutputStream &output, Progress &progress, EntryFormat format)
    : output_(output), progress_(progress), pending_(output.at_start() ? entries_heading(format) : std::string()) {}

Outcome EntryWriter::write(const EntryLine &line) {
    totals_.count(line);
    pending_ += line.text;
    return pending_.size() < flush_size ? Outcome::pass() : flush();
}

Outcome EntryWriter::flush() {
    if (pending_.empty() || !written_.passed()) return written_;
    progress_.clear();
    written_ = output_.write(pending_);
    pending_.clear();
    return written_;
}

Exit report_totals(const Totals &totals, bool interrupted, bool quiet, const std::optional<std::string> &totals_path) {
    if (!quiet || totals.entries() == 0) complain(totals_words(totals, interrupted));
    if (totals_path) {
        const auto written = write_output(*totals_path, totals_json(totals, interrupted));
        if (!written.passed()) {
            complain(concat({"Could not write the totals to ", written.subject, ": ", written.detail}));
            return Exit::trouble;
        }
    }
    const auto exit = exit_of(totals);
    return interrupted && exit == Exit::verified ? Exit::trouble : exit;
}

}  // namespace mhsm::cli
