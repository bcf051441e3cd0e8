// PKCS#11 attributes: names, typed reading, and values as people read them.
#include "core/attributes.h"

#include <set>

#include "outcomes.h"

using namespace mhsm;

namespace {

struct Value {
    Bytes bytes;
    BlobObject object;

    Value(std::uint32_t type, Bytes content) : bytes(std::move(content)) {
        object.attributes = {{type, ByteView(bytes)}};
    }
    std::string rendered() const { return render_value(object.attributes.front()); }
};

std::string rendered(std::uint32_t type, Bytes content) { return Value(type, std::move(content)).rendered(); }

BlobObject without_value(std::uint32_t type) { return {0, {{type, std::nullopt}}}; }

}  // namespace

TEST(names_of_known_and_unknown_attributes) {
    CHECK_EQ(attribute_name(0x0000), "CKA_CLASS");
    CHECK_EQ(attribute_name(0x0164), "CKA_NEVER_EXTRACTABLE");
    CHECK_EQ(attribute_name(0x0210), "CKA_WRAP_WITH_TRUSTED");
    CHECK_EQ(attribute_name(0x0301), "0x00000301");
    CHECK_EQ(attribute_name(0x80000174), "0x80000174");
    CHECK_EQ(attribute_name(0xffffffff), "0xffffffff");
    CHECK_EQ(attribute_number(0x0162), "0x00000162");
}

TEST(kinds_of_attributes) {
    CHECK_EQ(attribute_kind(cka::CLASS), AttributeKind::object_class);
    CHECK_EQ(attribute_kind(cka::KEY_TYPE), AttributeKind::key_type);
    CHECK_EQ(attribute_kind(cka::KEY_GEN_MECHANISM), AttributeKind::mechanism);
    CHECK_EQ(attribute_kind(cka::LABEL), AttributeKind::text);
    CHECK_EQ(attribute_kind(cka::ID), AttributeKind::text);
    CHECK_EQ(attribute_kind(cka::MODULUS), AttributeKind::bytes);
    CHECK_EQ(attribute_kind(cka::MODULUS_BITS), AttributeKind::number);
    CHECK_EQ(attribute_kind(cka::EXTRACTABLE), AttributeKind::boolean);
    CHECK_EQ(attribute_kind(0x80000000), AttributeKind::unknown);
}

// The numbers of PKCS#11 v2.40, written out a second time.
TEST(numbers_are_those_of_pkcs11) {
    CHECK_EQ(cka::TRUSTED, 0x0086U);
    CHECK_EQ(cka::SENSITIVE, 0x0103U);
    CHECK_EQ(cka::SIGN, 0x0108U);
    CHECK_EQ(cka::EXTRACTABLE, 0x0162U);
    CHECK_EQ(cka::LOCAL, 0x0163U);
    CHECK_EQ(cka::NEVER_EXTRACTABLE, 0x0164U);
    CHECK_EQ(cka::ALWAYS_SENSITIVE, 0x0165U);
    CHECK_EQ(cka::CHECK_VALUE, 0x0173U);
}

TEST(no_number_has_two_names) {
    std::set<std::uint32_t> numbers;
    for (const auto number : {
#define ATTRIBUTE(symbol, number, kind) cka::symbol,
#include "core/attributes.def"
#undef ATTRIBUTE
         })
        CHECK(numbers.insert(number).second);
    CHECK(numbers.size() > 30);
}

TEST(booleans_are_one_byte_of_0_or_1) {
    constexpr auto type = cka::EXTRACTABLE;
    const auto read = [](Bytes content) { return read_boolean(Value(type, std::move(content)).object, type); };
    CHECK_EQ(read({0}), Tri::no);
    CHECK_EQ(read({1}), Tri::yes);
    for (const Bytes &odd : {Bytes{}, Bytes{2}, Bytes{0xff}, Bytes{0, 0, 0, 1}, Bytes{0, 0}, Bytes{1, 0}})
        CHECK_EQ(read(odd), Tri::malformed);
    CHECK_EQ(read_boolean({}, type), Tri::absent);
    CHECK_EQ(read_boolean(without_value(type), type), Tri::absent);
    CHECK_EQ(read_boolean(Value(cka::LOCAL, {1}).object, type), Tri::absent);
}

TEST(numbers_have_one_to_four_bytes) {
    constexpr auto type = cka::MODULUS_BITS;
    const auto read = [](Bytes content) { return read_number(Value(type, std::move(content)).object, type); };
    CHECK_EQ(*read({7}), std::optional<std::uint32_t>(7));
    CHECK_EQ(*read({1, 0}), std::optional<std::uint32_t>(256));
    CHECK_EQ(*read({0, 0, 8, 0}), std::optional<std::uint32_t>(2048));
    CHECK_EQ(*read({0xff, 0xff, 0xff, 0xfe}), std::optional<std::uint32_t>(0xfffffffe));
    CHECK(!read({0xff, 0xff, 0xff, 0xff})->has_value());  // "not available"
    CHECK_EQ(*read({0xff}), std::optional<std::uint32_t>(255));
    CHECK_FAILS(read({}), Reason::object_attribute_malformed, "", "CKA_MODULUS_BITS = 0x");
    CHECK_FAILS(read({0, 0, 0, 8, 0}), Reason::object_attribute_malformed, "", "CKA_MODULUS_BITS = 0x0000000800");
    CHECK(!read_number({}, type)->has_value());
    CHECK(!read_number(without_value(type), type)->has_value());
}

TEST(values_are_found_by_type) {
    const Value value(cka::MODULUS, {1, 2});
    CHECK_EQ(hex(*find_value(value.object, cka::MODULUS)), "0102");
    CHECK(!find_value(value.object, cka::ID).has_value());
    CHECK(!find_value(without_value(cka::ID), cka::ID).has_value());
}

TEST(minus_one_as_value_is_not_available) {
    for (const auto type : {cka::NEVER_EXTRACTABLE, cka::PUBLIC_EXPONENT, cka::MODULUS_BITS, cka::ID}) {
        const Value value(type, {0xff, 0xff, 0xff, 0xff});
        CHECK(!find_value(value.object, type).has_value());
        CHECK_EQ(read_boolean(value.object, type), Tri::absent);
        CHECK_EQ(render_value(value.object.attributes[0]), "not available");
        CHECK(find_value(Value(type, {0xff, 0xff, 0xff}).object, type).has_value());
    }
    CHECK_EQ(rendered(0x0301, {0xff, 0xff, 0xff, 0xff}), "ffffffff");  // whose meaning nobody knows
}

TEST(booleans_as_people_read_them) {
    CHECK_EQ(rendered(cka::LOCAL, {0}), "false");
    CHECK_EQ(rendered(cka::LOCAL, {1}), "true");
    CHECK_EQ(rendered(cka::LOCAL, {2}), "neither true nor false: 0x02");
    CHECK_EQ(rendered(cka::LOCAL, {}), "neither true nor false: 0x");
    CHECK_EQ(rendered(cka::LOCAL, {0, 1}), "neither true nor false: 0x0001");
    CHECK_EQ(render_value({cka::LOCAL, std::nullopt}), "not available");
}

TEST(numbers_and_names_as_people_read_them) {
    CHECK_EQ(rendered(cka::CLASS, {2}), "CKO_PUBLIC_KEY");
    CHECK_EQ(rendered(cka::CLASS, {3}), "CKO_PRIVATE_KEY");
    CHECK_EQ(rendered(cka::CLASS, {0, 0, 0, 4}), "CKO_SECRET_KEY");
    CHECK_EQ(rendered(cka::CLASS, {9}), "9");
    CHECK_EQ(rendered(cka::KEY_TYPE, {0}), "CKK_RSA");
    CHECK_EQ(rendered(cka::KEY_TYPE, {3}), "CKK_EC");
    CHECK_EQ(rendered(cka::KEY_TYPE, {0x1f}), "CKK_AES");
    CHECK_EQ(rendered(cka::KEY_TYPE, {0x10}), "16");
    CHECK_EQ(rendered(cka::KEY_GEN_MECHANISM, {0, 0, 0, 0}), "CKM_RSA_PKCS_KEY_PAIR_GEN");
    CHECK_EQ(rendered(cka::KEY_GEN_MECHANISM, {0, 0, 0, 0x0a}), "CKM_RSA_X9_31_KEY_PAIR_GEN");
    CHECK_EQ(rendered(cka::KEY_GEN_MECHANISM, {0x10, 0x40}), "CKM_EC_KEY_PAIR_GEN");
    CHECK_EQ(rendered(cka::KEY_GEN_MECHANISM, {0, 0, 0x10, 0x80}), "CKM_AES_KEY_GEN");
    CHECK_EQ(rendered(cka::KEY_GEN_MECHANISM, {0x77}), "119");
    CHECK_EQ(rendered(cka::MODULUS_BITS, {0, 0, 8, 0}), "2048");
    CHECK_EQ(rendered(cka::MODULUS_BITS, {0xff, 0xff, 0xff, 0xff}), "not available");
    CHECK_EQ(rendered(cka::MODULUS_BITS, {0, 0, 0, 8, 0}), "malformed: 0x0000000800");
}

TEST(bytes_and_texts_as_people_read_them) {
    CHECK_EQ(rendered(cka::CHECK_VALUE, {0xc0, 0xa5, 0xa1}), "c0a5a1");
    CHECK_EQ(rendered(0x80000174, {0, 1}), "0001");
    CHECK_EQ(rendered(cka::LABEL, {'k', 'e', 'y', 0, 0, 0}), "key");
    CHECK_EQ(rendered(cka::LABEL, {'a', 0, 'b', 0}), "a\\x00b");
    CHECK_EQ(rendered(cka::LABEL, {0, 0}), "");
    CHECK_EQ(rendered(cka::LABEL, {}), "");
    CHECK_EQ(rendered(cka::LABEL, {0x1b, '[', '3', '1', 'm', '\\'}), "\\x1b[31m\\\\");
}

TEST(printable_escapes_all_but_printable_ascii_and_is_idempotent) {
    std::string all;
    for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
    const auto once = printable(all);
    for (const char c : once) CHECK(c >= 0x20 && c < 0x7f);
    CHECK_EQ(printable(once), once);
    CHECK_EQ(printable("a\nb\x7f\xc3\xa9\\"), "a\\x0ab\\x7f\\xc3\\xa9\\");
    CHECK_EQ(printable(""), "");
}

TEST(escape_text_lets_nothing_pose_as_an_escape) {
    CHECK_EQ(escape_text("a\\x00"), "a\\\\x00");
    CHECK_EQ(escape_text(std::string_view("a\0", 2)), "a\\x00");
    CHECK(escape_text("\\x00") != escape_text(std::string_view("\0", 1)));
}
