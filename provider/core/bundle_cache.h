// A bounded memory of what certificates came to.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "bundle.h"

namespace mhsm {

// Remembers bundles by the whole text that they were decoded from, for one and the same context. Any thread may use
// it. When it is full, a bundle goes that was not asked for since the last one went.
class BundleCache {
public:
    explicit BundleCache(std::size_t capacity) : entries_(capacity) {}

    // The bundle of exactly this text if it holds for `time`; else null.
    std::shared_ptr<const Bundle> find(std::string_view text, VerificationTime time);
    // Does nothing if the bundle is good for one piece of evidence only, or its text is of unusual length.
    void add(std::string_view text, std::shared_ptr<const Bundle> bundle, VerificationTime time);

private:
    struct Entry {
        std::size_t hash = 0;
        std::string text;
        std::shared_ptr<const Bundle> bundle;
        std::atomic<bool> asked_for = false;
    };
    Entry *find_entry(std::size_t hash, std::string_view text);
    Entry &next_victim();

    std::shared_mutex mutex_;
    std::vector<Entry> entries_;  // never resized
    std::size_t hand_ = 0;
};

}  // namespace mhsm
