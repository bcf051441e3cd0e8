#include "shim/fetch/retry.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <thread>

namespace mhsm::fetch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds first_delay{400};
constexpr milliseconds longest_delay{10000};
constexpr seconds longest_asked{120};

bool may_pass(const Fetched<Response> &result) {
    constexpr auto statuses = std::to_array<long>({408, 429, 500, 502, 503, 504});
    if (result) return std::ranges::find(statuses, result->status) != statuses.end();
    const auto status = result.error().status;
    return status == MHSM_FETCH_CONNECT || status == MHSM_FETCH_TIMEOUT || status == MHSM_FETCH_RESOLVE;
}

// Between half of `time` and all of it, so that many clients do not come back at once.
milliseconds jittered(milliseconds time) {
    std::uint32_t random = 0;
    std::array<unsigned char, sizeof(random)> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return time;
    for (const auto byte : bytes) random = random << 8U | byte;
    return time / 2 + milliseconds(random % static_cast<std::uint32_t>(time.count() / 2 + 1));
}

}  // namespace

std::optional<seconds> parse_retry_after(std::string_view value, std::int64_t now) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error == std::errc{} && end == value.data() + value.size() && number >= 0) return seconds(number);
    const auto date = curl_getdate(std::string(value).c_str(), nullptr);
    if (date == -1) return std::nullopt;
    return seconds(std::max<std::int64_t>(date - now, 0));
}

std::optional<milliseconds> retry_delay(int retries, int attempt, const Fetched<Response> &result) {
    if (attempt >= retries || !may_pass(result)) return std::nullopt;
    const auto backoff = jittered(std::min(first_delay * (1 << std::min(attempt, 10)), longest_delay));
    if (!result) return backoff;
    const auto asked = parse_retry_after(result->retry_after, std::time(nullptr));
    if (asked && *asked > longest_asked) return std::nullopt;
    return asked ? std::max<milliseconds>(backoff, *asked) : backoff;
}

bool sleep_unless_stopped(milliseconds time, const std::function<bool()> &stop) {
    constexpr milliseconds step{100};
    const auto end = std::chrono::steady_clock::now() + time;
    for (;;) {
        if (stop()) return false;
        const auto left = std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
        if (left <= milliseconds(0)) return true;
        std::this_thread::sleep_for(std::min(left, step));
    }
}

}  // namespace mhsm::fetch
