// Bodies of answers, by the first byte of the input: pages of a listing, tokens, errors, Retry-After.
#include "property.h"
#include "shim/fetch/listing.h"
#include "shim/fetch/retry.h"
#include "shim/fetch/service_error.h"
#include "shim/fetch/token.h"

using namespace mhsm;

namespace {

constexpr std::int64_t now = 1767225600;
const fetch::Origin pool{"pool.managedhsm.azure.net", 443};

void check_page(ByteView body) {
    const auto page = fetch::parse_page(body, pool);
    if (!page) {
        fuzz::require_printable(page.error().text, "an error");
        return;
    }
    for (const auto &key : page->keys) fuzz::require(key.origin == pool, "a key is of the pool that was asked");
    if (page->next.empty()) return;
    const auto next = fetch::parse_https_url(page->next);
    fuzz::require(next && next->origin == pool, "the next page is of the pool that was asked");
}

void check_token(ByteView body) {
    Bytes answer(body.begin(), body.end());
    const auto token = fetch::read_token_answer(answer, "endpoint", now);
    for (const auto byte : answer) fuzz::require(byte == 0, "the answer is wiped");
    if (token)
        fuzz::require_printable(fetch::claimed_by(*token, now), "what a token claims");
    else
        fuzz::require_printable(token.error().text, "an error");
    if (const auto given = fetch::read_token(std::string(as_text(body)), "file"))
        fuzz::require_printable(fetch::claimed_by(*given, now), "what a token claims");
}

void check_error(ByteView body) {
    fuzz::require_printable(fetch::service_words(body), "the words of a service");
    for (const long status : {400L, 401L, 403L, 404L, 429L, 500L}) {
        fetch::Response response;
        response.status = status;
        response.body.assign(body.begin(), body.end());
        response.content_type = "application/json";
        fuzz::require_printable(fetch::service_error(response, "the key").text, "an error");
    }
}

void check_retry(ByteView value) {
    const auto wait = fetch::parse_retry_after(as_text(value), now);
    if (wait) fuzz::require(wait->count() >= 0, "nobody waits backwards");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    fuzz::Input input(data, size);
    const auto kind = input.byte();
    const auto body = input.rest();
    switch (kind % 4) {
        case 0: check_page(body); break;
        case 1: check_token(body); break;
        case 2: check_error(body); break;
        default: check_retry(body);
    }
    return 0;
}
