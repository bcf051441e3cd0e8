#include "bundle_cache.h"

#include <algorithm>
#include <functional>
#include <mutex>

namespace mhsm {
namespace {

// Bundles seen have 8 KB; memory must stay bounded whatever hostile ones have.
constexpr std::size_t longest_text = std::size_t{64} << 10U;

// Of two stretches, in which keys or signatures differ; it only saves comparisons.
std::size_t hash_of(std::string_view text) {
    constexpr std::size_t stretch = 192;
    constexpr std::hash<std::string_view> hash;
    return hash(text.substr(text.size() / 2, stretch)) ^
           hash(text.substr(text.size() - std::min(text.size(), stretch)));
}

}  // namespace

BundleCache::Entry *BundleCache::find_entry(std::size_t hash, std::string_view text) {
    // An entry is found by all of its bytes.
    for (auto &entry : entries_)
        if (entry.bundle && entry.hash == hash && entry.text == text) return &entry;
    return nullptr;
}

std::shared_ptr<const Bundle> BundleCache::find(std::string_view text, VerificationTime time) {
    if (entries_.empty() || text.size() > longest_text) return nullptr;
    const auto hash = hash_of(text);
    const std::shared_lock lock(mutex_);
    auto *entry = find_entry(hash, text);
    if (entry == nullptr || !entry->bundle->holds_for(time)) return nullptr;
    entry->asked_for.store(true, std::memory_order_relaxed);
    return entry->bundle;
}

BundleCache::Entry &BundleCache::next_victim() {
    for (;;) {
        auto &entry = entries_[hand_];
        hand_ = (hand_ + 1) % entries_.size();
        if (!entry.asked_for.exchange(false, std::memory_order_relaxed)) return entry;
    }
}

void BundleCache::add(std::string_view text, std::shared_ptr<const Bundle> bundle, VerificationTime time) {
    if (entries_.empty() || text.size() > longest_text || !bundle->holds_for(time)) return;
    const auto hash = hash_of(text);
    const std::unique_lock lock(mutex_);
    auto *known = find_entry(hash, text);
    auto &entry = known != nullptr ? *known : next_victim();
    entry.hash = hash;
    entry.text = text;
    entry.bundle = std::move(bundle);
}

}  // namespace mhsm
