// The URL of a key, and what it must agree with: the signed name, the pool, what was asked for.
#include "key_samples.h"
#include "outcomes.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

void check_bad_url(const std::string &url, bool version_optional = false) {
    const Context context(url);
    CHECK_FAILS(parse_key_url(url, version_optional), Reason::kid_malformed, "key.kid", "found " + url.substr(0, 300));
}

Result<std::string> id_of(Bytes value) {
    BlobObject object{0, {{cka::ID, ByteView(value)}}};
    KeyObject key;
    key.object = &object;
    return read_key_id(key);
}

}  // namespace

TEST(key_urls_are_split) {
    const auto url = parse_key_url("https://Pool.ManagedHSM.azure.net:443/keys/My-Key/Version1");
    CHECK_PASSES(url);
    CHECK_EQ(url->host, "pool.managedhsm.azure.net:443");
    CHECK_EQ(url->pool, "pool");
    CHECK_EQ(url->name, "My-Key");
    CHECK_EQ(url->version, "Version1");
    CHECK_EQ(parse_key_url("HTTPS://pool/keys/k/v")->pool, "pool");
    CHECK_EQ(parse_key_url("https://localhost:8443/keys/k/v")->pool, "localhost");
}

TEST(the_version_is_optional_only_where_said) {
    for (const auto *url : {"https://pool.x/keys/name", "https://pool.x/keys/name/"}) {
        check_bad_url(url);
        const auto parsed = parse_key_url(url, true);
        CHECK_PASSES(parsed);
        CHECK_EQ(parsed->name, "name");
        CHECK_EQ(parsed->version, "");
    }
}

TEST(malformed_key_urls_are_refused) {
    for (const std::string url : {"",
                                  "https://",
                                  "https:///keys/k/v",
                                  "http://p.x/keys/k/v",
                                  "p.x/keys/k/v",
                                  "https:/p.x/keys/k/v",
                                  "https://p.x/secrets/k/v",
                                  "https://p.x/Keys/k/v",
                                  "https://p.x/keys//v",
                                  "https://p.x//keys/k/v",
                                  "https://p.x/keys/k/v/",
                                  "https://p.x/keys/k/v/attestation",
                                  "https://p.x/keys/k/v?a=b",
                                  "https://p.x/keys/k/v#f",
                                  "https://p.x/keys/k_/v",
                                  "https://p.x/keys/k%2d/v",
                                  "https://p.x/keys/k/v ",
                                  " https://p.x/keys/k/v",
                                  "https://u@p.x/keys/k/v",
                                  "https://.p.x/keys/k/v",
                                  "https://:443/keys/k/v",
                                  "https://p_x/keys/k/v",
                                  "https://p..x/keys/k/v",
                                  "https://p.x./keys/k/v",
                                  "https://p.x:/keys/k/v",
                                  "https://p.x:8a/keys/k/v",
                                  "https://p.x:123456/keys/k/v",
                                  "https://p.x:80:80/keys/k/v",
                                  "https://[::1]/keys/k/v",
                                  "https://p.x\\keys\\k\\v",
                                  "https://p.x/keys/k\xc3\xa9/v",
                                  "https://p.x/keys/../v"}) {
        check_bad_url(url);
        check_bad_url(url, true);
    }
}

TEST(parts_of_key_urls_have_a_maximal_length) {
    const auto with = [](std::size_t host, std::size_t name, std::size_t version) {
        return "https://" + std::string(host, 'h') + "/keys/" + std::string(name, 'n') + "/" +
               std::string(version, 'v');
    };
    CHECK_PASSES(parse_key_url(with(260, 127, 127)));
    check_bad_url(with(261, 1, 1));
    check_bad_url(with(1, 128, 1));
    check_bad_url(with(1, 1, 128));
}

TEST(key_ids_end_at_their_nul) {
    CHECK_EQ(*id_of(padded(key_path, 128)), key_path);
    CHECK_EQ(*id_of(padded(key_path, key_path.size())), key_path);
    CHECK_EQ(*id_of(Bytes(128)), "");
    CHECK_EQ(*id_of({}), "");
}

TEST(malformed_key_ids_are_refused) {
    auto value = padded(key_path, 128);
    value.back() = 'x';
    const auto outcome = to_outcome(id_of(value));
    CHECK_FAILS(outcome, Reason::key_id_malformed, "CKA_ID", "bytes after its NUL: /keys/name/0123456789abcdef\\x00");
    KeyObject key;
    const BlobObject empty;
    key.object = &empty;
    CHECK_FAILS(read_key_id(key), Reason::key_id_malformed, "CKA_ID", "absent");
}

TEST(kid_names_the_attested_key) {
    Claim claim;
    CHECK_PASSES(bind_kid(claim.evidence, claim.key, false));
    CHECK_EQ(bind_kid(claim.evidence, claim.key, true).detail, key_path);
    claim.jwk().kid = "https://pool.managedhsm.azure.net/keys/Name/0123456789abcdef";
    CHECK_FAILS(bind_kid(claim.evidence, claim.key, false), Reason::kid_differs, "key.kid",
                "the HSM signed /keys/name/0123456789abcdef, key.kid says /keys/Name/0123456789abcdef");
    claim.jwk().kid = "https://pool/keys/name";
    CHECK_FAILS(bind_kid(claim.evidence, claim.key, false), Reason::kid_malformed, "key.kid",
                "found https://pool/keys/name");
    claim.jwk().kid.reset();
    CHECK_FAILS(bind_kid(claim.evidence, claim.key, false), Reason::kid_missing, "key", "");
}

TEST(kid_is_not_compared_with_a_malformed_id) {
    Claim claim;
    claim.values.at(cka::ID).back() = 1;
    CHECK_FAILS(bind_kid(claim.evidence, claim.key, false), Reason::key_id_malformed, "CKA_ID", "bytes after its NUL");
    claim.values.at(cka::ID) = padded("/x\x1b[31m/keys/name/0123456789abcdef", 128);
    claim.object = claim.values.view();
    CHECK_FAILS(bind_kid(claim.evidence, claim.key, false), Reason::kid_differs, "key.kid", "/x\\x1b[31m/keys/name");
}

TEST(a_bare_attestation_has_no_kid_unless_it_is_required) {
    Claim claim;
    make_bare(claim.evidence);
    CHECK_SKIPS(bind_kid(claim.evidence, claim.key, false), Reason::bare_attestation, true);
    CHECK_FAILS(bind_kid(claim.evidence, claim.key, true), Reason::kid_missing, "key", "");
    claim.values.at(cka::ID).back() = 1;  // what the HSM signed must be a name all the same
    CHECK_FAILS(bind_kid(claim.evidence, claim.key, false), Reason::key_id_malformed, "CKA_ID", "bytes after its NUL");
    CHECK_SKIPS(bind_pool(claim.evidence, "pool", false), Reason::bare_attestation, true);
    CHECK_FAILS(bind_pool(claim.evidence, "pool", true), Reason::kid_missing, "key", "");
}

TEST(the_first_label_of_the_host_is_the_pool) {
    Claim claim;
    CHECK_PASSES(bind_pool(claim.evidence, "pool", false));
    CHECK_PASSES(bind_pool(claim.evidence, "POOL", true));
    for (const auto *other : {"poo", "pool2", "", "pool.managedhsm.azure.net"})
        CHECK_FAILS(bind_pool(claim.evidence, other, false), Reason::pool_differs, "key.kid",
                    "the pool root is that of " + std::string(other) + ", key.kid says pool");
    CHECK_FAILS(bind_pool(claim.evidence, "po\x1bol", false), Reason::pool_differs, "key.kid", "po\\x1bol");
    claim.jwk().kid = "nonsense";
    CHECK_SKIPS(bind_pool(claim.evidence, "pool", false), Reason::earlier_check_failed, false);
    claim.jwk().kid.reset();
    CHECK_FAILS(bind_pool(claim.evidence, "pool", false), Reason::kid_missing, "key", "");
}

TEST(what_was_asked_for_came_back) {
    Claim claim;
    const auto asked = [&](const char *url) { return bind_request(claim.evidence, parse_key_url(url, true).value()); };
    CHECK_SKIPS(bind_request(claim.evidence, std::nullopt), Reason::not_asked, true);
    CHECK_PASSES(asked("https://pool.managedhsm.azure.net/keys/name"));
    CHECK_PASSES(asked("https://POOL.managedhsm.azure.net/keys/NAME/0123456789abcdef"));
    for (const auto *other :
         {"https://pool.managedhsm.azure.cn/keys/name", "https://other.managedhsm.azure.net/keys/name",
          "https://pool.managedhsm.azure.net/keys/name2",
          "https://pool.managedhsm.azure.net/keys/name/0123456789ABCDEF"})
        CHECK_FAILS(asked(other), Reason::request_differs, "key.kid",
                    ", answered pool.managedhsm.azure.net/keys/name/0123456789abcdef");
    claim.jwk().kid = "nonsense";
    CHECK_SKIPS(asked("https://pool/keys/name"), Reason::earlier_check_failed, false);
    claim.jwk().kid.reset();
    CHECK_FAILS(asked("https://pool/keys/name"), Reason::kid_missing, "key", "");
}
