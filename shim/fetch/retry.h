// When to ask again, and after what time.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <functional>
#include <optional>
#include <string_view>

#include "config.h"
#include "http.h"

namespace mhsm::fetch {

using Milliseconds = std::chrono::milliseconds;

inline constexpr Milliseconds longest_pause{60'000};

bool is_retryable_status(int status);

// Retry-After in seconds or as an HTTP date, seen from `now`; at most longest_pause. Nothing if it is neither.
std::optional<Milliseconds> retry_after(std::string_view value, std::time_t now);

// The pause before attempt number `attempt` (1 is the first repetition): half a second, doubled each time, and any
// part of it at random so that many clients do not come back together.
Milliseconds backoff(unsigned attempt, std::uint32_t random);

// How long to wait before asking again; nothing if `reply` is final.
std::optional<Milliseconds> pause_before_retry(const Reply &reply, unsigned attempt);

// Sleeps, asking `config.stop` several times a second. Throws Error(STOPPED).
void pause(const Config &config, Milliseconds duration);

// Repeats `request` as the configuration allows. Throws the error of the last attempt if it had no answer.
Response perform_with_retries(Transport &transport, const Config &config, const std::function<Request()> &request);

}  // namespace mhsm::fetch
