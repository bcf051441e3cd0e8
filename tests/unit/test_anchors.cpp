// Trust anchors, fingerprints and the known-pools file.
#include "core/anchors.h"

#include <string>

#include "outcomes.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

const std::string digits(sample_pool_root);

std::string upper(std::string text) {
    for (auto &c : text)
        if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
    return text;
}

std::string with_colons(const std::string &hex_text) {
    std::string text;
    for (std::size_t i = 0; i < hex_text.size(); i += 2) text += (i > 0 ? ":" : "") + hex_text.substr(i, 2);
    return text;
}

void check_pin(const std::string &text) {
    const Context context(text);
    const auto pin = parse_pin(text);
    CHECK_PASSES(pin);
    CHECK_EQ(hex(*pin), digits);
}

void check_bad_pin(const std::string &text) {
    const Context context(text);
    CHECK_FAILS(parse_pin(text), Reason::pin_malformed, "", "found " + text.substr(0, 100));
}

}  // namespace

TEST(embedded_roots_are_the_published_ones) {
    const auto roots = embedded_hsm_roots();
    CHECK_EQ(roots.size(), 2U);
    const auto fingerprint_of = [](const EmbeddedRoot &root) {
        const auto parsed = parse_anchors(nullptr, as_bytes(root.pem));
        CHECK_PASSES(parsed);
        CHECK_EQ(parsed->size(), 1U);
        CHECK(is_self_issued(parsed->front().get()) && is_ca(parsed->front().get()));
        return fingerprint(nullptr, parsed->front().get());
    };
    CHECK_EQ(roots[0].name, "LiquidSecurity");
    CHECK_EQ(fingerprint_of(roots[0]), sample_hsm_root);
    CHECK_EQ(roots[1].name, "LiquidSecurity 2");
    CHECK_EQ(fingerprint_of(roots[1]), "17644de0d33bc73b2f4ef4c20a11f6c8cc1f723a4cd83ee600361cbb24d8d2e5");
    for (const auto &root : roots) CHECK_CONTAINS(root.origin, "marvell.com");
}

TEST(anchors_are_read_from_pem_and_der) {
    const auto &ders = sample_parts().ders;
    const auto one = parse_anchors(nullptr, ders[2]);
    CHECK_PASSES(one);
    CHECK_EQ(fingerprint(nullptr, one->at(0).get()), digits);
    const auto many =
        parse_anchors(nullptr, as_bytes("comment\n" + pem("CERTIFICATE", ders[2]) + pem("CERTIFICATE", ders[0])));
    CHECK_PASSES(many);
    CHECK_EQ(many->size(), 2U);
}

TEST(what_is_no_anchor_is_refused_and_leaves_no_error_behind) {
    ERR_clear_error();
    auto trailing = sample_parts().ders[2];
    trailing.push_back(0);
    CHECK_FAILS(parse_anchors(nullptr, {}), Reason::anchor_unreadable, "", "");
    CHECK_FAILS(parse_anchors(nullptr, trailing), Reason::anchor_unreadable, "", "");
    CHECK_FAILS(parse_anchors(nullptr, as_bytes("no certificate")), Reason::anchor_unreadable, "", "");
    CHECK_FAILS(parse_anchors(nullptr, as_bytes(pem("CERTIFICATE", trailing))), Reason::anchor_unreadable, "",
                "not an X.509 certificate");
    CHECK_FAILS(parse_anchors(nullptr, as_bytes(pem("PUBLIC KEY", trailing))), Reason::anchor_unreadable, "",
                "found PEM of PUBLIC KEY");
    CHECK_EQ(ERR_peek_error(), 0UL);
}

TEST(pins_in_every_spelling) {
    check_pin("sha256:" + digits);
    check_pin("sha256:" + upper(digits));
    check_pin("sha256:" + with_colons(digits));
    check_pin("sha256:" + with_colons(upper(digits)));
}

TEST(malformed_pins_are_refused) {
    const std::vector<std::string> bad = {"",
                                          digits,
                                          "sha256:",
                                          "SHA256:" + digits,
                                          "sha1:" + digits,
                                          "sha256:" + digits + "0",
                                          "sha256:" + digits.substr(1),
                                          "sha256: " + digits.substr(1),
                                          "sha256:" + digits.substr(1) + "g",
                                          "sha256:" + digits.substr(1) + "G",
                                          "sha256:" + digits.substr(1) + "/",
                                          "sha256:" + with_colons(digits) + ":",
                                          "sha256:" + with_colons(digits).substr(1)};
    for (const auto &text : bad) check_bad_pin(text);
    auto dashes = with_colons(digits);
    dashes[2] = '-';
    check_bad_pin("sha256:" + dashes);
    auto last = with_colons(digits);
    last[last.size() - 3] = '0';
    check_bad_pin("sha256:" + last);
    check_bad_pin("sha256:" + std::string(500, 'a'));
}

TEST(known_pools_with_comments_and_blank_lines) {
    const auto other = std::string(64, 'a');
    const auto pools = parse_known_pools("# pools of Contoso\n\n \t\r\ncontoso sha256:" + digits +
                                         "  # the main one\r\n\tfabrikam\tsha256:" + with_colons(upper(other)) +
                                         "\ncontoso sha256:" + other);
    CHECK_PASSES(pools);
    CHECK_EQ(pools->size(), 3U);
    CHECK_EQ(pools->at(0).pool, "contoso");
    CHECK_EQ(hex(pools->at(0).root), digits);
    CHECK_EQ(pools->at(1).pool, "fabrikam");
    CHECK_EQ(hex(pools->at(1).root), other);
    CHECK_EQ(pools->at(2).pool, "contoso");  // a pool may have two roots while one is being replaced
}

TEST(an_empty_known_pools_file_knows_no_pool) {
    for (const auto *text : {"", "\n", "# nothing\n", "\n\n\n", "#"}) {
        const auto pools = parse_known_pools(text);
        CHECK_PASSES(pools);
        CHECK(pools->empty());
    }
}

TEST(malformed_known_pools_name_the_line) {
    const auto good = "contoso sha256:" + digits + "\n";
    const auto bad = Reason::known_pools_malformed;
    CHECK_FAILS(parse_known_pools("contoso"), bad, "line 1", "found ");
    CHECK_FAILS(parse_known_pools(good + "#\n" + "fabrikam " + digits), bad, "line 3", "found " + digits);
    CHECK_FAILS(parse_known_pools(good + good + "sha256:" + digits), bad, "line 3", "found ");
    CHECK_FAILS(parse_known_pools("contoso sha256:" + digits + " x"), bad, "line 1", "more than two words");
    CHECK_FAILS(parse_known_pools("contoso sha256:" + digits.substr(2)), bad, "line 1", "found sha256:");
    CHECK_FAILS(parse_known_pools("contoso # sha256:" + digits), bad, "line 1", "found ");
}
