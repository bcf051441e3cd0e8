// All keys of a pool: listed page by page while their attestations are fetched, many at a time over few connections.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "shim/fetch/listing.h"
#include "shim/fetch/session.h"

namespace mhsm::fetch {

class PoolRun {
public:
    PoolRun(Session &session, const Origin &pool, const MHSM_FETCH_RUN &run);
    ~PoolRun();
    PoolRun(const PoolRun &) = delete;
    PoolRun &operator=(const PoolRun &) = delete;

    // Until every key was handed on; an Error if the pool could not be listed to its end, or the run was stopped.
    std::optional<Error> go();

private:
    using Clock = std::chrono::steady_clock;
    enum class Kind { list, versions, attestation };

    // One thing to ask for, with the tries it took so far.
    struct Job {
        Kind kind = Kind::attestation;
        KeyTarget key;  // of versions and attestations
        std::string url;
        int attempt = 0;
        bool renewed = false;  // the token was, for this job
        Clock::time_point due{};
    };
    struct Active {
        Job job;
        std::unique_ptr<Exchange> exchange;
    };

    void plan_page(Kind kind, const KeyTarget &key, std::string url);
    void start_what_is_due();
    void start(Job job);
    void collect_finished();
    void finish(Active active, CURLcode code);
    bool try_again(Job &job, const Fetched<Response> &result);
    bool renew_token(Job &job, const Response &response);
    void take_page(const Job &job, const Response &response);
    void take_key(KeyTarget key);
    void hand_on(const Job &job, Fetched<Response> result);
    void fail(Error error);
    void report_progress();
    bool has_work() const { return !ready_.empty() || !waiting_.empty() || !active_.empty(); }

    Session &session_;
    const Origin pool_;
    const MHSM_FETCH_RUN &run_;
    struct FreeMulti {
        void operator()(CURLM *multi) const { curl_multi_cleanup(multi); }
    };
    std::unique_ptr<CURLM, FreeMulti> multi_;
    std::deque<Job> ready_;                          // attestations, and pages before them
    std::deque<Job> pages_;                          // asked for only when there is little left to do
    std::multimap<Clock::time_point, Job> waiting_;  // to be tried again
    std::map<CURL *, Active> active_;
    std::size_t listing_ = 0;  // pages asked for and not yet taken
    Clock::time_point paused_until_{}, reported_{};
    MHSM_FETCH_PROGRESS progress_{};
    std::optional<Error> error_;
};

}  // namespace mhsm::fetch
