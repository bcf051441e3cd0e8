// URLs, hosts and links to the next page.
#include "cmocka_cpp.h"
#include "error.h"
#include "fetch_checks.h"
#include "listing.h"
#include "url.h"

using namespace mhsm::fetch;

namespace {

const Origin pool{"contoso.managedhsm.azure.net", 443};

}  // namespace

TEST(key_urls_have_one_spelling) {
    const auto key = parse_key_url("mhsm://Contoso.ManagedHSM.azure.net:443/keys/signing/0123abcd");
    CHECK_EQ(key.text(), "https://contoso.managedhsm.azure.net/keys/signing/0123abcd");
    CHECK_EQ(key.attestation("7.6 &x"),
             "https://contoso.managedhsm.azure.net/keys/signing/0123abcd/attestation?api-version=7.6%20%26x");
    CHECK_EQ(parse_key_url("https://a.b:8443/keys/k").text(), "https://a.b:8443/keys/k");
}

TEST(malformed_key_urls_are_refused) {
    for (const auto *url : {"",
                            "contoso",
                            "http://a.b/keys/k",
                            "https://a.b",
                            "https://a.b/keys/",
                            "https://a.b/keys/k/",
                            "https://a.b/keys/k/v/x",
                            "https://a.b/keys/k?x=1",
                            "https://a.b/keys/k#x",
                            "https://u@a.b/keys/k",
                            "https://a.b:0/keys/k",
                            "https://a.b:65536/keys/k",
                            "https://a.b:/keys/k",
                            "https://a..b/keys/k",
                            "https://-a.b/keys/k",
                            "https://a.b./keys/k",
                            "https://[::1]/keys/k",
                            "https://a.b/keys/%6b",
                            "https://a.b/keys/..",
                            "https://a.b/secrets/k",
                            "https://a.b/keys/k\n",
                            "https://a b/keys/k"}) {
        const mhsm::test::Context row(url);
        CHECK_FETCH_ERROR(parse_key_url(url), MHSM_FETCH_BAD_PARAMETER);
    }
}

TEST(pools_by_name_or_url) {
    CHECK(parse_pool("Contoso") == pool);
    CHECK(parse_pool("https://contoso.managedhsm.azure.net/") == pool);
    CHECK_EQ(parse_pool("mhsm://hsm.example:444").text(), "https://hsm.example:444");
    for (const auto *name : {"", "a.b", "-a", "a/b", "https://a/b", "ftp://a"})
        CHECK_FETCH_ERROR(parse_pool(name), MHSM_FETCH_BAD_PARAMETER);
}

TEST(only_pools_and_allowed_hosts_get_tokens) {
    const std::vector<Origin> allowed{{"hsm.example", 8443}};
    require_allowed(pool, {});
    require_allowed({"x.managedhsm.usgovcloudapi.net", 443}, {});
    require_allowed({"hsm.example", 8443}, allowed);
    for (const auto &origin :
         {Origin{"hsm.example", 443}, Origin{"managedhsm.azure.net", 443}, Origin{"a.b.managedhsm.azure.net", 443},
          Origin{"xmanagedhsm.azure.net", 443}, Origin{"contoso.managedhsm.azure.net", 8443}})
        CHECK_FETCH_ERROR(require_allowed(origin, allowed), MHSM_FETCH_HOST_REFUSED);
}

TEST(tls_proves_pools_of_managed_hsm_domains_only) {
    CHECK_EQ(tls_pool(pool), std::optional<std::string>("contoso"));
    CHECK(!tls_pool({"contoso.managedhsm.azure.net", 8443}));
    CHECK(!tls_pool({"hsm.example", 443}));
}

TEST(next_pages_stay_where_they_are) {
    CHECK_EQ(next_page("https://CONTOSO.managedhsm.azure.net:443/keys?a=1&$skiptoken=x", pool, "/keys"),
             "/keys?a=1&$skiptoken=x");
    for (const auto *link :
         {"", "/keys?x", "http://contoso.managedhsm.azure.net/keys?x", "https://contoso.managedhsm.azure.net/keys",
          "https://contoso.managedhsm.azure.net/keysx?x", "https://contoso.managedhsm.azure.net/keys/../secrets?x",
          "https://contoso.managedhsm.azure.net:8443/keys?x", "https://contoso.managedhsm.azure.net.evil/keys?x",
          "https://contoso.managedhsm.azure.net@evil/keys?x", "https://contoso.managedhsm.azure.net\\@evil/keys?x",
          "https://contoso.managedhsm.azure.net/keys?x\r\nA: b", "https://contoso.managedhsm.azure.net/keys?x#y",
          "https://contoso.managedhsm.azure.net/keys?x y"}) {
        const mhsm::test::Context row(link);
        CHECK_FETCH_ERROR(next_page(link, pool, "/keys"), MHSM_FETCH_PROTOCOL);
    }
}

TEST(pages_are_read_strictly) {
    const auto page = parse_page(R"({"value":[{"kid":"https://contoso.managedhsm.azure.net/keys/a"}],"nextLink":null})",
                                 pool, "/keys");
    CHECK_EQ(page.keys.size(), 1U);
    CHECK(page.next.empty());
    for (const auto *body : {"", "[]", "{}", R"({"value":{}})", R"({"value":[{}]})", R"({"value":[1]})",
                             R"({"value":[{"kid":"https://evil.example/keys/a"}]})", R"({"value":[{"kid":"a"}]})",
                             R"({"value":[],"nextLink":1})", R"({"value":[],"value":[]})"}) {
        const mhsm::test::Context row(body);
        CHECK_FETCH_ERROR(parse_page(body, pool, "/keys"), MHSM_FETCH_PROTOCOL);
    }
}

TEST(a_list_that_comes_back_is_refused) {
    Listing list(pool, "/keys", "7.6");
    CHECK_EQ(list.url(), "https://contoso.managedhsm.azure.net/keys?api-version=7.6&maxresults=25");
    CHECK(list.advance({{}, "/keys?b"}));
    CHECK(list.advance({{}, "/keys?c"}));
    CHECK_FETCH_ERROR(list.advance({{}, "/keys?b"}), MHSM_FETCH_PROTOCOL);
    CHECK(!list.advance({{}, ""}));
}
