// Bodies of answers, by the first byte of the input: pages of a listing, tokens, errors, Retry-After.
#include "property.h"
#include "shim/fetch/listing.h"
#include "shim/fetch/retry.h"
#include "shim/fetch/service_error.h"
#include "shim/fetch/token.h"

using namespace mhsm;

namespace {

constexpr std::time_t now = 1767225600;
const fetch::Origin pool{"pool.managedhsm.azure.net", 443};

void check_page(std::string_view body) {
    try {
        const auto page = fetch::parse_page(body, pool, "/keys");
        for (const auto &key : page.keys) fuzz::require(key.origin == pool, "a key is of the pool that was asked");
        fuzz::require(page.next.empty() || page.next.starts_with("/keys"), "the next page is one of the same list");
        fetch::Listing listing(pool, "/keys", "7.6");
        try {
            if (listing.advance(page))
                fuzz::require(listing.url().starts_with(pool.text() + "/keys"), "a token follows to the pool only");
        } catch (const fetch::Error &error) {
            fuzz::require_printable(error.text(), "an error");
        }
    } catch (const fetch::Error &error) {
        fuzz::require_printable(error.text(), "an error");
    }
}

void check_claims(const fetch::Token &token) {
    const auto claims = fetch::claims_of(token);
    fuzz::require_printable(claims.tenant + claims.audience, "what a token claims");
}

void check_token(std::string_view body) {
    if (const auto token = fetch::parse_token_answer(body, now)) check_claims(*token);
    if (const auto token = fetch::parse_bearer(body)) check_claims(*token);
}

void check_error(std::string_view body) {
    fuzz::require_printable(fetch::service_message(body), "the words of a service");
}

void check_retry(std::string_view value) {
    if (const auto wait = fetch::retry_after(value, now))
        fuzz::require(wait->count() >= 0 && *wait <= fetch::longest_pause, "a pause is bounded");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    fuzz::Input input(data, size);
    const auto kind = input.byte();
    const auto body = as_text(input.rest());
    switch (kind % 4) {
        case 0: check_page(body); break;
        case 1: check_token(body); break;
        case 2: check_error(body); break;
        default: check_retry(body);
    }
    return 0;
}
