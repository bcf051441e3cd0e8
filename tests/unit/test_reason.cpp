// The table of reasons: ids are an interface, every entry says something.
#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "core/reason.h"
#include "outcomes.h"

using namespace mhsm;

namespace {

struct Row {
    Reason reason;
    std::string_view symbol, id;
};

constexpr auto rows = std::to_array<Row>({
#define REASON(symbol, id, text, remedy) {Reason::symbol, #symbol, id},
#include "core/reasons.def"
#undef REASON
});

bool is_kebab_case(std::string_view id) {
    const bool characters =
        std::ranges::all_of(id, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
    return characters && !id.empty() && id.front() != '-' && id.back() != '-' &&
           id.find("--") == std::string_view::npos;
}

}  // namespace

TEST(none_is_empty) {
    CHECK_EQ(reason_id(Reason::none), "");
    CHECK_EQ(reason_text(Reason::none), "");
    CHECK_EQ(reason_remedy(Reason::none), "");
}

TEST(numbers_outside_the_table_are_none) {
    CHECK_EQ(reason_id(static_cast<Reason>(rows.size() + 1)), "");
    CHECK_EQ(reason_text(static_cast<Reason>(100000)), "");
    CHECK_EQ(reason_remedy(static_cast<Reason>(-1)), "");
}

TEST(every_reason_has_its_id_and_a_text) {
    for (const auto &row : rows) {
        const test::Context context{std::string(row.symbol)};
        CHECK_EQ(reason_id(row.reason), row.id);
        CHECK(is_kebab_case(row.id));
        const auto text = reason_text(row.reason);
        CHECK(text.size() > 5);
        CHECK(text.back() != '.');
    }
}

TEST(ids_and_texts_are_unique) {
    std::set<std::string_view> ids;
    for (const auto &row : rows) {
        const test::Context context{std::string(row.symbol)};
        CHECK(ids.insert(row.id).second);
    }
}

TEST(every_failure_has_a_remedy) {
    const std::set<Reason> nothing_to_do = {Reason::not_asked, Reason::symmetric_key, Reason::time_not_checked};
    for (const auto &row : rows) {
        const test::Context context{std::string(row.symbol)};
        CHECK_EQ(reason_remedy(row.reason).empty(), nothing_to_do.contains(row.reason));
    }
}

// Spelled out, because a renamed id breaks whoever parses reports.
TEST(known_ids) {
    CHECK_EQ(reason_id(Reason::demand_false), "demand-not-met");
    CHECK_EQ(reason_id(Reason::cert_expired), "certificate-expired");
    CHECK_EQ(reason_id(Reason::cert_not_yet_valid), "certificate-not-yet-valid");
    CHECK_EQ(reason_id(Reason::owner_unauthenticated), "owner-unauthenticated");
    CHECK_EQ(reason_id(Reason::signature_mismatch), "signature-mismatch");
    CHECK_EQ(reason_text(Reason::signature_mismatch), "the partition key did not sign this blob");
    CHECK_EQ(reason_id(Reason::kid_differs), "kid-differs");
    CHECK_EQ(reason_id(Reason::earlier_check_failed), "earlier-check-failed");
}
