// Verified evidence, and the memory of what was verified a moment ago.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

#include "settings.h"

namespace mhsm::provider {

// Evidence that verified, and under which settings. Immutable, shared by all copies of a key.
struct Attested {
    Bytes evidence;  // the JSON
    Report report;   // verified
    std::string report_text;
    std::shared_ptr<const Settings> settings;
};
using AttestedPtr = std::shared_ptr<const Attested>;

// Verifies for `time` with a verifier of the trust in `settings`, and throws Error, naming the first obstacle, unless
// everything passes.
AttestedPtr appraise(Verifier &verifier, ByteView json, std::shared_ptr<const Settings> settings, std::int64_t time);

std::int64_t now();  // Unix seconds

// Reading one file decodes it twice within a moment; the second time is answered from here. Holds verified
// evidence only, under one and the same settings, a few pieces of it, for two seconds.
class RecentlyVerified {
public:
    AttestedPtr find(const Sha256 &digest);
    void add(const Sha256 &digest, AttestedPtr attested);

private:
    using Clock = std::chrono::steady_clock;
    struct Entry {
        Sha256 digest;
        AttestedPtr attested;
        Clock::time_point expires;
    };
    void drop_expired(Clock::time_point moment);

    std::mutex mutex_;
    std::vector<Entry> entries_;
};

}  // namespace mhsm::provider
