// Faults on request. The same seed and the same order of requests give the same faults.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace emulator {

// Where in answering a request a fault strikes.
enum class Point { answer, next_link, challenge, token };

enum class Trouble {
    drop,          // close the connection without an answer
    stall,         // answer after `seconds`
    drip,          // one byte every `seconds`
    half,          // half of the body, then close
    content_type,  // text/html
    status,        // `status` and an error; Retry-After if `retry_after` is given
    redirect,      // `to` another path, host or http
    oversized,     // `size` bytes; Content-Length unless `length` is no
    not_json,
    empty,
    next_link,  // `to` another host, http, or the same page again
    challenge,  // `how`: a foreign resource or authority, an http authority, or none at all
    token       // `how`: wrong audience, expired, or of another tenant
};

struct Fault {
    Trouble trouble = Trouble::drop;
    double probability = 1;
    std::optional<std::uint64_t> count;  // strikes at most so often
    std::regex path{""};                 // found in the paths that it strikes
    double seconds = 0;
    int status = 500;
    std::optional<int> retry_after;
    std::uint64_t size = 0;
    bool length = true;
    std::string variant;  // `to` or `how`
};

// A fault from text such as "kind=status,status=429,retry_after=1,probability=0.1,count=5,path=^/keys". The pattern
// must hold no comma. Throws UsageError.
Fault parse_fault(std::string_view spec);

class Faults {
public:
    explicit Faults(std::uint64_t seed) : random_(seed) {}
    void add(Fault fault);
    void clear();
    // The first fault that strikes here and now.
    std::optional<Fault> take(Point point, const std::string &path);

private:
    std::mutex mutex_;
    std::mt19937_64 random_;
    std::vector<Fault> faults_;
};

}  // namespace emulator
