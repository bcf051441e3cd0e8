// Lines, totals and progress of runs over many keys.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "entries.h"
#include "outcomes.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::cli;
using namespace mhsm::test;

namespace {

const Style plain{};

Entry verified_entry(std::string id) { return {std::move(id), verify_sample(restored_evidence()), {}}; }
Entry refused_entry(std::string id) { return {std::move(id), verify_sample(recorded_evidence()), {}}; }
Entry failed_entry(std::string id, std::string error) { return {std::move(id), std::nullopt, std::move(error)}; }

JsonPtr parsed(const EntryLine &line) {
    CHECK(line.text.ends_with("}\n"));
    CHECK_EQ(line.text.find('\n'), line.text.size() - 1);
    return std::move(parse_json_object(as_bytes(line.text)).value());
}

std::string text_of(const JsonPtr &json, const char *name) {
    const auto *member = json_member(json.get(), name);
    CHECK(member != nullptr);
    if (cJSON_IsNull(member) != 0) return "null";
    const char *text = json_string(member);
    CHECK(text != nullptr);
    return text;
}

// Standard output of `body`, by way of a file.
template <class Body>
std::string written_by(Body body) {
    std::string path = "/tmp/mhsm-entries.XXXXXX";
    const int descriptor = ::mkstemp(path.data());
    CHECK(descriptor >= 0);
    ::close(descriptor);
    body(path);
    auto text = read_file(path);
    ::unlink(path.c_str());
    return text;
}

}  // namespace

TEST(json_of_a_verified_entry) {
    const auto line = render_entry(verified_entry("7"), EntryFormat::json, plain);
    CHECK_EQ(line.verdict, EntryVerdict::verified);
    const auto json = parsed(line);
    CHECK_EQ(text_of(json, "id"), "7");
    CHECK_EQ(text_of(json, "verdict"), "verified");
    CHECK_EQ(text_of(json, "kid"), restored_kid);
    CHECK_EQ(text_of(json, "key_type"), "RSA");
    CHECK_EQ(json_member(json.get(), "key_bits")->valueint, 2048);
    CHECK_EQ(text_of(json, "pool"), sample_pool);
    CHECK_EQ(text_of(json, "owner_trust"), "pinned");
    CHECK_EQ(text_of(json, "evidence_sha256"), hex(*sha256(nullptr, as_bytes(restored_evidence()))));
    for (const auto *name : {"check", "reason", "message", "detail", "key_curve", "error"})
        CHECK_EQ(text_of(json, name), "null");
}

TEST(json_of_an_entry_that_is_not_verified) {
    const auto line = render_entry(refused_entry("a.json"), EntryFormat::json, plain);
    CHECK_EQ(line.verdict, EntryVerdict::not_verified);
    const auto json = parsed(line);
    CHECK_EQ(text_of(json, "verdict"), "not verified");
    CHECK_EQ(text_of(json, "check"), line.check);
    CHECK_EQ(text_of(json, "reason"), reason_id(line.reason));
    CHECK_EQ(text_of(json, "message"), reason_text(line.reason));
    CHECK_EQ(line.check, "bind.kid");
}

TEST(json_of_an_error) {
    const auto line = render_entry(failed_entry("\x1b[1m\"x", "No such file\n"), EntryFormat::json, plain);
    CHECK_EQ(line.verdict, EntryVerdict::error);
    const auto json = parsed(line);
    CHECK_EQ(text_of(json, "id"), "\\x1b[1m\"x");
    CHECK_EQ(text_of(json, "verdict"), "error");
    CHECK_EQ(text_of(json, "error"), "No such file\\x0a");
    CHECK_EQ(text_of(json, "kid"), "null");
    CHECK_EQ(text_of(json, "check"), "null");
}

TEST(csv_is_quoted_and_runs_nothing) {
    const auto heading = entries_heading(EntryFormat::csv);
    CHECK(heading.starts_with("\"id\",\"verdict\",\"check\",\"reason\","));
    CHECK(heading.ends_with(",\"error\"\r\n"));
    for (const auto *name : {"=1+1", "+1", "-1", "@x"}) {
        const auto line = render_entry(failed_entry(name, "=cmd"), EntryFormat::csv, plain).text;
        CHECK(line.starts_with("\"'" + std::string(name) + "\",\"error\","));
        CHECK(line.ends_with(",\"'=cmd\"\r\n"));
    }
    const auto line = render_entry(failed_entry("a\"b,c\r\n", "x"), EntryFormat::csv, plain).text;
    CHECK(line.starts_with("\"a\"\"b,c\\x0d\\x0a\",\"error\","));
    CHECK_EQ(line.find('\n'), line.size() - 1);
    CHECK_EQ(entries_heading(EntryFormat::json), "");
}

TEST(text_is_the_brief_report) {
    const auto good = render_entry(verified_entry("1"), EntryFormat::text, plain).text;
    CHECK(good.starts_with("1: VERIFIED RSA-2048 /keys/"));
    CHECK_EQ(render_entry(failed_entry("n\x1b", "gone"), EntryFormat::text, plain).text, "n\\x1b: ERROR gone\n");
}

TEST(a_line_stays_short) {
    const auto line =
        render_entry(failed_entry(std::string(1 << 20, 'x'), std::string(1 << 20, '\n')), EntryFormat::json, plain);
    CHECK(line.text.size() < 20000);
}

TEST(totals_decide_the_exit_status) {
    const auto good = render_entry(verified_entry("1"), EntryFormat::text, plain);
    const auto bad = render_entry(refused_entry("2"), EntryFormat::text, plain);
    const auto gone = render_entry(failed_entry("3", "gone"), EntryFormat::text, plain);
    Totals totals;
    CHECK_EQ(exit_of(totals), Exit::trouble);  // nothing was verified
    CHECK_CONTAINS(totals_words(totals, false), "nothing was verified");
    totals.count(good);
    CHECK_EQ(exit_of(totals), Exit::verified);
    CHECK_EQ(totals_words(totals, false), "1 entry: 1 verified, 0 not verified, 0 could not be read or fetched");
    totals.count(gone);
    CHECK_EQ(exit_of(totals), Exit::trouble);
    totals.count(bad);
    totals.count(bad);
    CHECK_EQ(exit_of(totals), Exit::not_verified);
    CHECK_EQ(totals_words(totals, true),
             "Incomplete. 4 entries: 1 verified, 2 not verified, 1 could not be read or fetched; "
             "2 x bind.kid kid-differs");
    CHECK_EQ(totals_json(totals, false),
             R"({"version":1,"entries":4,"verified":1,"not_verified":2,"errors":1,"interrupted":false,)"
             R"("obstacles":[{"check":"bind.kid","reason":"kid-differs","count":2}]})"
             "\n");
}

TEST(the_writer_keeps_the_order) {
    const auto text = written_by([](const std::string &path) {
        auto output = OutputStream::open(path);
        Progress progress(false);
        EntryWriter writer(output.value(), progress, EntryFormat::csv);
        for (const auto *id : {"b", "a"})
            CHECK_PASSES(writer.write(render_entry(failed_entry(id, "gone"), EntryFormat::csv, plain)));
        CHECK_PASSES(writer.flush());
        CHECK_PASSES(output->finish());
        CHECK_EQ(writer.totals().errors, 2U);
    });
    const auto heading = entries_heading(EntryFormat::csv);
    CHECK(text.starts_with(heading + "\"b\","));
    CHECK_CONTAINS(text, "\r\n\"a\",");
}

TEST(an_output_that_is_not_finished_leaves_the_file_alone) {
    const auto text = written_by([](const std::string &path) {
        CHECK_PASSES(write_output(path, "old"));
        auto output = OutputStream::open(path);
        CHECK_PASSES(output->write("new"));
    });
    CHECK_EQ(text, "old");
}

TEST(a_full_disk_ends_the_run) {
    auto output = OutputStream::open("/dev/full");
    Progress progress(false);
    EntryWriter writer(output.value(), progress, EntryFormat::csv);
    const auto flushed = writer.flush();
    CHECK_EQ(flushed.status, Status::fail);
    CHECK_EQ(flushed.subject, "/dev/full");
    // Nor is it forgotten: whoever asks again must not believe that all lines are out.
    CHECK_EQ(writer.flush().status, Status::fail);
    CHECK_EQ(writer.write(render_entry(failed_entry("a", "gone"), EntryFormat::csv, plain)).status, Status::pass);
    CHECK_EQ(writer.flush().status, Status::fail);
}

TEST(progress_in_words) {
    CHECK_EQ(progress_line({.entries = 1}, 0.5, 80), "1 key  2/s");
    CHECK_EQ(progress_line({.entries = 0}, 0, 80), "0 keys");
    CHECK_EQ(progress_line({.entries = 50, .position = 50, .total = 100}, 5, 39),
             "[====>   ] 50%  50 keys  10/s  ETA 0:05");
    CHECK_EQ(progress_line({.entries = 50, .position = 50, .total = 100}, 5, 60),
             "[==============>              ] 50%  50 keys  10/s  ETA 0:05");
    CHECK_EQ(progress_line({.entries = 50, .position = 50, .total = 100}, 5, 12), "50%  50 keys");
    CHECK_EQ(progress_line({.entries = 9, .position = 1, .total = 7201}, 1, 30), "0%  9 keys  9/s  ETA 2:00:00");
    CHECK_EQ(progress_line({.entries = 9, .position = 300, .total = 100}, 3, 32), "100%  9 keys  3/s  ETA 0:00");
    for (std::size_t width = 1; width < 100; ++width)
        CHECK(progress_line({.entries = 50, .position = 50, .total = 100}, 5, width).size() <= width);
}
