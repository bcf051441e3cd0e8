// Which failures may pass, and how long to wait before the next try.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string_view>

#include "shim/fetch/http.h"

namespace mhsm::fetch {

// How long to wait before try number `attempt` + 1 (the first is 0) of at most `retries` more; none: not again. Tries
// again after connection errors, timeouts and the statuses 408, 429, 500, 502, 503 and 504, never sooner than
// Retry-After says, and not at all if that is more than two minutes.
std::optional<std::chrono::milliseconds> retry_delay(int retries, int attempt, const Fetched<Response> &result);

// Retry-After (RFC 9110, 10.2.3): seconds, or a date. `now` is Unix time. None if it is neither.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view value, std::int64_t now);

// False if `stop` asked to.
bool sleep_unless_stopped(std::chrono::milliseconds time, const std::function<bool()> &stop);

}  // namespace mhsm::fetch
