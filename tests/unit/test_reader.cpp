// The bounded cursor.
#include "core/reader.h"

#include <array>

#include "outcomes.h"

using namespace mhsm;

namespace {

constexpr auto six = std::to_array<std::uint8_t>({0x01, 0x02, 0xff, 0xfe, 0xfd, 0xfc});

}  // namespace

TEST(reads_big_endian) {
    Reader reader(six);
    CHECK_EQ(reader.u16(), std::optional<std::uint16_t>(0x0102));
    CHECK_EQ(reader.u32(), std::optional<std::uint32_t>(0xfffefdfc));
    CHECK_EQ(reader.remaining(), 0U);
    CHECK_EQ(reader.position(), 6U);
}

TEST(a_read_past_the_end_consumes_nothing) {
    Reader reader(six);
    CHECK(reader.take(3).has_value());
    CHECK(!reader.u32().has_value());
    CHECK(!reader.take(4).has_value());
    CHECK_EQ(reader.position(), 3U);
    CHECK_EQ(reader.remaining(), 3U);
    CHECK_EQ(reader.u16(), std::optional<std::uint16_t>(0xfefd));
    CHECK(!reader.u16().has_value());
    CHECK_EQ(reader.remaining(), 1U);
}

TEST(counts_near_the_top_of_size_t_do_not_wrap) {
    Reader reader(six);
    CHECK(reader.take(2).has_value());
    CHECK(!reader.take(static_cast<std::size_t>(-1)).has_value());
    CHECK(!reader.take(static_cast<std::size_t>(-2)).has_value());
    CHECK_EQ(reader.position(), 2U);
}

TEST(take_gives_the_bytes_themselves) {
    Reader reader(six);
    const auto view = reader.take(6);
    CHECK(view && view->data() == six.data());
    const auto nothing = reader.take(0);
    CHECK(nothing && nothing->empty());
}

TEST(an_empty_input_reads_nothing) {
    Reader reader({});
    CHECK(!reader.u16() && !reader.u32() && !reader.take(1));
    CHECK(reader.take(0).has_value());
}

TEST(all_zero_of_everything) {
    CHECK(all_zero({}));
    CHECK(all_zero(Bytes(9)));
    CHECK(!all_zero(Bytes(1, 1)));
    Bytes last(9);
    last.back() = 0x80;
    CHECK(!all_zero(last));
}

TEST(text_and_bytes_are_views_of_each_other) {
    constexpr std::string_view text("a\0b", 3);
    CHECK_EQ(as_bytes(text).size(), 3U);
    CHECK_EQ(as_text(as_bytes(text)), text);
}

TEST(result_holds_one_or_the_other) {
    Result<int> good(7);
    CHECK(good.ok() && static_cast<bool>(good));
    CHECK_EQ(*good, 7);
    Result<int> bad(Failure{Reason::blob_truncated, "x", "y"});
    CHECK(!bad.ok());
    CHECK_FAILS(bad, Reason::blob_truncated, "x", "y");
    bool thrown = false;
    try {
        static_cast<void>(bad.value());
    } catch (const std::bad_variant_access &) {
        thrown = true;
    }
    CHECK(thrown);
}

TEST(outcomes_of_every_kind) {
    CHECK_PASSES(Outcome::pass("s", "d"));
    CHECK_FAILS(Outcome::fail(Reason::no_adapter, "s", "d"), Reason::no_adapter, "s", "d");
    CHECK_SKIPS(Outcome::blocked("x"), Reason::earlier_check_failed, false);
    CHECK_SKIPS(Outcome::not_needed(Reason::not_asked), Reason::not_asked, true);
    CHECK_SKIPS(Outcome{}, Reason::earlier_check_failed, false);
    CHECK(!Outcome{}.passed() && Outcome::pass().passed());
}
