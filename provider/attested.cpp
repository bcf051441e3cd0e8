#include "attested.h"

#include <algorithm>

#include "core/report_json.h"
#include "support/clock.h"

namespace mhsm::provider {

AttestedPtr appraise(Verifier &verifier, ByteView json, std::shared_ptr<const Settings> settings, std::int64_t time) {
    auto attested = std::make_shared<Attested>();
    Expectations expectations;
    expectations.request = settings->request;
    attested->report = verifier.verify(json, settings->policy, expectations, time);
    const auto &report = attested->report;
    if (verdict(report) != Verdict::verified) fail(report);
    if (!report.key || !report.hsm || !report.owner) fail(Reason::internal, "report", "verified without its facts");
    attested->report_text = report_json(report, false);
    attested->evidence.assign(json.begin(), json.end());
    attested->settings = std::move(settings);
    return attested;
}

std::int64_t now() { return support::unix_time(); }

namespace {
constexpr std::size_t most_entries = 8;
constexpr std::chrono::seconds lifetime{2};
}  // namespace

void RecentlyVerified::drop_expired(Clock::time_point moment) {
    std::erase_if(entries_, [moment](const Entry &entry) { return entry.expires <= moment; });
}

AttestedPtr RecentlyVerified::find(const Sha256 &digest) {
    const std::lock_guard lock(mutex_);
    drop_expired(Clock::now());
    const auto found = std::ranges::find(entries_, digest, &Entry::digest);
    return found != entries_.end() ? found->attested : nullptr;
}

void RecentlyVerified::add(const Sha256 &digest, AttestedPtr attested) {
    const std::lock_guard lock(mutex_);
    const auto moment = Clock::now();
    drop_expired(moment);
    if (entries_.size() == most_entries) entries_.erase(entries_.begin());
    entries_.push_back({digest, std::move(attested), moment + lifetime});
}

}  // namespace mhsm::provider
