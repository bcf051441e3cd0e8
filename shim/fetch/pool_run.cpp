#include "shim/fetch/pool_run.h"

#include <algorithm>
#include <new>

#include "shim/fetch/retry.h"
#include "shim/fetch/service_error.h"

namespace mhsm::fetch {
namespace {

// HTTP/2 carries all requests over these; HTTP/1.1 needs one for each in flight.
constexpr long most_connections = 32;
// Keys that are listed ahead of those in flight: enough to never wait for a page, and no more for a larger pool.
constexpr std::size_t look_ahead = 100;
constexpr std::chrono::milliseconds progress_interval{200};

void fill(MHSM_FETCH_ERROR &to, const Error &from) {
    to.status = from.status;
    to.http_status = from.http_status;
    const auto size = std::min(from.text.size(), sizeof(to.text) - 1);
    from.text.copy(to.text, size);
    to.text[size] = '\0';
}

}  // namespace

PoolRun::PoolRun(Session &session, const Origin &pool, const MHSM_FETCH_RUN &run)
    : session_(session), pool_(pool), run_(run), multi_(curl_multi_init()) {
    if (!multi_) throw std::bad_alloc();
    const auto connections = std::min<long>(static_cast<long>(session.settings.jobs), most_connections);
    curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, connections);
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, connections);
}

PoolRun::~PoolRun() {
    for (const auto &[handle, active] : active_) curl_multi_remove_handle(multi_.get(), handle);
}

void PoolRun::fail(Error error) {
    if (!error_) error_ = std::move(error);
}

void PoolRun::plan_page(Kind kind, const KeyTarget &key, std::string url) {
    ++listing_;
    pages_.push_back({kind, key, std::move(url)});
}

std::optional<Error> PoolRun::go() {
    const PrivateCrypto::Scope scope(session_.crypto);
    const auto first = keys_url(pool_, session_.settings.api_version);
    if (auto admission = get_admission(session_, pool_, first, pool_.text()); admission.error) return admission.error;
    plan_page(Kind::list, {pool_, {}, {}}, first);
    while (!error_ && (has_work() || !pages_.empty())) {
        if (session_.settings.stop()) return Error{MHSM_FETCH_STOPPED, 0, pool_.text() + ": stopped"};
        start_what_is_due();
        int running = 0;
        if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) throw std::bad_alloc();
        collect_finished();
        report_progress();
        if (!error_ && has_work()) curl_multi_poll(multi_.get(), nullptr, 0, active_.empty() ? 20 : 100, nullptr);
    }
    reported_ = {};
    report_progress();
    return error_;
}

void PoolRun::start_what_is_due() {
    const auto now = Clock::now();
    while (!waiting_.empty() && waiting_.begin()->first <= now) {
        ready_.push_front(std::move(waiting_.begin()->second));
        waiting_.erase(waiting_.begin());
    }
    if (now < paused_until_) return;
    while (active_.size() < session_.settings.jobs) {
        // A page when there is little left to do, whatever the size of the pool.
        if (!pages_.empty() && ready_.size() < look_ahead) {
            auto page = std::move(pages_.front());
            pages_.pop_front();
            start(std::move(page));
        } else if (!ready_.empty()) {
            auto job = std::move(ready_.front());
            ready_.pop_front();
            start(std::move(job));
        } else {
            return;
        }
    }
}

void PoolRun::start(Job job) {
    Request request;
    request.url = job.url;
    request.what = job.kind == Kind::list ? pool_.text() : job.key.url();
    if (auto header = session_.authorizer.header(pool_); !header.empty()) request.headers.push_back(std::move(header));
    session_.settings.log("GET " + job.url);
    auto exchange = std::make_unique<Exchange>(session_.settings, std::move(request));
    CURL *handle = exchange->handle();
    if (curl_multi_add_handle(multi_.get(), handle) != CURLM_OK) throw std::bad_alloc();
    active_.emplace(handle, Active{std::move(job), std::move(exchange)});
}

void PoolRun::collect_finished() {
    int left = 0;
    while (const CURLMsg *message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        const auto code = message->data.result;
        const auto found = active_.find(message->easy_handle);
        if (found == active_.end()) continue;
        auto active = std::move(found->second);
        active_.erase(found);
        curl_multi_remove_handle(multi_.get(), active.exchange->handle());
        if (!error_) finish(std::move(active), code);
    }
}

bool PoolRun::try_again(Job &job, const Fetched<Response> &result) {
    const auto delay = retry_delay(session_.settings.retries, job.attempt, result);
    if (!delay) return false;
    const auto due = Clock::now() + *delay;
    // A service that is busy is busy for all requests.
    if (result && (result->status == 429 || result->status == 503)) paused_until_ = std::max(paused_until_, due);
    ++job.attempt;
    session_.settings.log(job.url + ": trying again in " + std::to_string(delay->count()) + " ms");
    waiting_.emplace(due, std::move(job));
    return true;
}

// Once for each job: tokens end during long runs. Another job may have renewed it already.
bool PoolRun::renew_token(Job &job, const Response &response) {
    if (job.renewed || !session_.authorizer.renews()) return false;
    if (auto error = session_.authorizer.answer(pool_, response)) {
        fail(std::move(*error));
        return true;
    }
    job.renewed = true;
    ready_.push_front(std::move(job));
    return true;
}

void PoolRun::finish(Active active, CURLcode code) {
    auto &job = active.job;
    auto result = active.exchange->result(code);
    const auto what = active.exchange->request().what;
    if (!result && result.error().status == MHSM_FETCH_STOPPED) return fail(result.error());
    if (try_again(job, result)) return;
    if (result && result->status == 401) {
        if (renew_token(job, *result)) return;
        // What is refused to one request is refused to all.
        return fail(session_.authorizer.refused(pool_, *result, what));
    }
    if (result && result->status != 200) result = service_error(*result, what);
    if (result)
        if (auto error = check_json(*result, what)) result = std::move(*error);
    if (job.kind == Kind::attestation) return hand_on(job, std::move(result));
    --listing_;
    if (!result) return fail(result.error());
    take_page(job, *result);
}

void PoolRun::take_page(const Job &job, const Response &response) {
    auto page = parse_page(response.body, pool_);
    if (!page) return fail(page.error());
    if (!page->next.empty() && page->next == job.url)
        return fail({MHSM_FETCH_PROTOCOL, 200, pool_.text() + ": not a list of keys: a page names itself as the next"});
    if (!page->next.empty()) plan_page(job.kind, job.key, page->next);
    for (auto &key : page->keys) {
        if (job.kind == Kind::list && run_.all_versions != 0)
            plan_page(Kind::versions, key, versions_url(key, session_.settings.api_version));
        else
            take_key(std::move(key));
    }
}

void PoolRun::take_key(KeyTarget key) {
    if (run_.wanted != nullptr && run_.wanted(run_.arg, key.url().c_str()) == 0) return;
    ++progress_.listed;
    auto url = attestation_url(key, session_.settings);
    ready_.push_back({Kind::attestation, std::move(key), std::move(url)});
}

void PoolRun::hand_on(const Job &job, Fetched<Response> result) {
    const auto url = job.key.url();
    const auto tls_pool = pool_of(pool_);
    MHSM_FETCH_ANSWER answer{};
    MHSM_FETCH_ERROR error{};
    MHSM_FETCH_KEY key{};
    key.url = url.c_str();
    if (result) {
        answer = {result->body.data(), result->body.size(), url.c_str(), tls_pool.empty() ? nullptr : tls_pool.c_str()};
        key.answer = &answer;
    } else {
        fill(error, result.error());
        key.error = &error;
    }
    ++progress_.done;
    if (run_.on_key(run_.arg, &key) == 0) fail({MHSM_FETCH_STOPPED, 0, pool_.text() + ": stopped"});
}

void PoolRun::report_progress() {
    const auto now = Clock::now();
    if (run_.on_progress == nullptr || now - reported_ < progress_interval) return;
    reported_ = now;
    progress_.complete = listing_ == 0 ? 1 : 0;
    run_.on_progress(run_.arg, &progress_);
}

}  // namespace mhsm::fetch
