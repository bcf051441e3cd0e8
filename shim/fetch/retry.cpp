#include "retry.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <string>
#include <thread>

#include "text.h"

namespace mhsm::fetch {
namespace {

std::uint32_t random_number() {
    std::array<unsigned char, 4> bytes{};
    if (RAND_bytes(bytes.data(), bytes.size()) != 1) return 0;
    std::uint32_t number = 0;
    for (const auto byte : bytes) number = (number << 8U) | byte;
    return number;
}

}  // namespace

bool is_retryable_status(int status) {
    static constexpr std::array statuses{408, 429, 500, 502, 503, 504};
    return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

std::optional<Milliseconds> retry_after(std::string_view value, std::time_t now) {
    value = trimmed(value);
    if (value.empty()) return std::nullopt;
    if (std::all_of(value.begin(), value.end(), is_digit)) {
        const auto seconds = decimal(value, 999'999'999);
        return seconds ? std::min(longest_pause, Milliseconds(std::int64_t{*seconds} * 1000)) : longest_pause;
    }
    const auto date = curl_getdate(std::string(value).c_str(), nullptr);
    if (date == -1) return std::nullopt;
    const auto seconds = std::clamp<std::int64_t>(date - now, 0, longest_pause.count() / 1000);
    return Milliseconds(seconds * 1000);
}

Milliseconds backoff(unsigned attempt, std::uint32_t random) {
    const auto full =
        std::min<std::int64_t>(longest_pause.count() / 2, std::int64_t{500} << std::min(attempt - 1, 10U));
    return Milliseconds(full / 2 + random % (full / 2 + 1));
}

std::optional<Milliseconds> pause_before_retry(const Reply &reply, unsigned attempt) {
    if (const auto *failure = std::get_if<TransportFailure>(&reply)) {
        if (!failure->retryable) return std::nullopt;
        return backoff(attempt, random_number());
    }
    const auto &response = std::get<Response>(reply);
    if (!is_retryable_status(response.status)) return std::nullopt;
    const auto asked = retry_after(response.first_header("retry-after"), std::time(nullptr));
    return std::max(asked.value_or(Milliseconds{0}), backoff(attempt, random_number()));
}

void pause(const Config &config, Milliseconds duration) {
    const auto end = std::chrono::steady_clock::now() + duration;
    for (;;) {
        if (config.stop()) throw Error(MHSM_FETCH_STOPPED, "stopped while waiting to ask again");
        const auto left = end - std::chrono::steady_clock::now();
        if (left <= left.zero()) return;
        std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, std::chrono::milliseconds(100)));
    }
}

Response perform_with_retries(Transport &transport, const Config &config, const std::function<Request()> &request) {
    for (unsigned attempt = 1;; ++attempt) {
        auto next = request();
        const auto line = next.line();
        auto reply = transport.perform(std::move(next));
        const auto wait = attempt <= config.retries ? pause_before_retry(reply, attempt) : std::nullopt;
        if (!wait) {
            if (auto *failure = std::get_if<TransportFailure>(&reply)) throw failure->error;
            return std::move(std::get<Response>(reply));
        }
        config.log(concat({line, ": again in ", std::to_string(wait->count()), " ms"}));
        pause(config, *wait);
    }
}

}  // namespace mhsm::fetch
