#include "pool.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <variant>

#include "listing.h"
#include "retry.h"
#include "service_error.h"
#include "text.h"

namespace mhsm::fetch {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned most_refusals = 2;  // of one request, each answered with a new token
constexpr std::chrono::milliseconds progress_period{200};

// One request to be answered, over all its attempts: a page of a list, or an attestation.
struct Task {
    std::variant<Listing, KeyUrl> wanted;
    std::string url;
    unsigned attempt = 1;
    unsigned refusals = 0;
    Clock::time_point not_before{};
    Authorization sent{};

    bool is_list() const { return std::holds_alternative<Listing>(wanted); }
};

// The state of a run. Memory stays in proportion to the jobs: no list is read on while enough keys are waiting.
class PoolRun {
public:
    PoolRun(Session &session, const Origin &origin, const MHSM_FETCH_RUN &run)
        : session_(session),
          config_(session.config()),
          run_(run),
          origin_(origin),
          transport_(config_),
          pool_(tls_pool(origin)) {
        keys_list_ = list_task("/keys");
    }

    void run() {
        while (!finished()) {
            if (config_.stop()) stopped();
            start_requests();
            transport_.step(active_.empty() ? 20 : 50,
                            [&](Transfer *transfer, Reply reply) { receive(transfer, std::move(reply)); });
            if (active_.empty() && !finished()) pause(config_, Milliseconds(10));
            tell_progress(false);
        }
        tell_progress(true);
        if (list_error_) throw Error(*list_error_);
    }

private:
    struct Active {
        std::unique_ptr<Transfer> transfer;
        Task task;
    };

    [[noreturn]] void stopped() const {
        throw Error(MHSM_FETCH_STOPPED,
                    concat({origin_.text(), ": stopped after ", std::to_string(progress_.done), " keys"}));
    }

    Task list_task(std::string path) const {
        Listing listing(origin_, std::move(path), config_.api_version);
        auto url = listing.url();
        return {std::move(listing), std::move(url)};
    }

    bool finished() const {
        return !keys_list_ && version_lists_.empty() && keys_.empty() && delayed_.empty() && active_.empty();
    }

    // The next request that may go out now: what waited longest after a failure, then keys, then lists.
    std::optional<Task> next_task() {
        const auto now = Clock::now();
        const auto due =
            std::find_if(delayed_.begin(), delayed_.end(), [&](const Task &task) { return task.not_before <= now; });
        if (due != delayed_.end()) {
            auto task = std::move(*due);
            delayed_.erase(due);
            return task;
        }
        if (delayed_.size() >= config_.jobs) return std::nullopt;
        const bool enough = keys_.size() >= config_.jobs * 2;
        if (!enough && !version_lists_.empty()) return taken(version_lists_);
        if (!enough && version_lists_.empty() && keys_list_) return std::exchange(keys_list_, std::nullopt);
        if (!keys_.empty()) return taken(keys_);
        return std::nullopt;
    }

    static Task taken(std::deque<Task> &queue) {
        auto task = std::move(queue.front());
        queue.pop_front();
        return task;
    }

    void start_requests() {
        while (active_.size() < config_.jobs && Clock::now() >= paused_until_) {
            auto task = next_task();
            if (!task) return;
            task->sent = session_.authorizer().for_request(origin_);
            auto transfer = transport_.start(service_request(task->url, task->sent));
            auto *const id = transfer.get();
            active_.emplace(id, Active{std::move(transfer), std::move(*task)});
        }
    }

    void receive(Transfer *transfer, Reply reply) {
        const auto found = active_.find(transfer);
        auto active = std::move(found->second);
        active_.erase(found);
        auto &task = active.task;
        if (retried(task, reply)) return;
        try {
            if (auto *failure = std::get_if<TransportFailure>(&reply)) throw failure->error;
            const auto &response = std::get<Response>(reply);
            require_json("GET " + task.url, response);
            if (task.is_list())
                read_page(task, response);
            else
                deliver(std::get<KeyUrl>(task.wanted), response);
        } catch (const Error &error) {
            if (error.status() == MHSM_FETCH_STOPPED) throw;
            fail(task, error);
        }
    }

    // Whether the request is to be made again, later or with another token.
    bool retried(Task &task, const Reply &reply) {
        if (const auto *response = std::get_if<Response>(&reply); response != nullptr && response->status == 401) {
            if (task.refusals == most_refusals) {
                fail(task, session_.authorizer().refusal(origin_, "GET " + task.url, *response));
                return true;
            }
            ++task.refusals;
            session_.authorizer().renew(origin_, task.sent, *response);
            delayed_.push_back(std::move(task));
            return true;
        }
        const auto wait = task.attempt <= config_.retries ? pause_before_retry(reply, task.attempt) : std::nullopt;
        if (!wait) return false;
        throttle(reply);
        config_.log(concat({"GET ", task.url, ": again in ", std::to_string(wait->count()), " ms"}));
        ++task.attempt;
        task.not_before = Clock::now() + *wait;
        delayed_.push_back(std::move(task));
        return true;
    }

    // A service that asks for patience asks it of the whole run.
    void throttle(const Reply &reply) {
        const auto *response = std::get_if<Response>(&reply);
        if (response == nullptr || (response->status != 429 && response->status != 503)) return;
        if (const auto asked = retry_after(response->first_header("retry-after"), std::time(nullptr)))
            paused_until_ = std::max(paused_until_, Clock::now() + *asked);
    }

    // What throws leaves `task` as it was.
    void read_page(Task &task, const Response &response) {
        auto &listing = std::get<Listing>(task.wanted);
        const bool versions = listing.path() != "/keys";
        const auto page = parse_page(response.body.view(), origin_, listing.path());
        // Refuse a circle before its keys are handed on a second time.
        const bool more = listing.advance(page);
        for (const auto &key : page.keys) {
            if (versions || run_.all_versions == 0)
                want(key);
            else
                version_lists_.push_back(list_task(concat({"/keys/", key.name, "/versions"})));
        }
        if (!more) return;
        Task next{std::move(listing), {}};
        next.url = std::get<Listing>(next.wanted).url();
        if (versions)
            version_lists_.push_front(std::move(next));
        else
            keys_list_ = std::move(next);
    }

    void want(const KeyUrl &key) {
        const auto url = key.text();
        if (run_.wanted != nullptr && run_.wanted(run_.arg, url.c_str()) == 0) return;
        keys_.push_back({key, key.attestation(config_.api_version)});
        ++progress_.listed;
    }

    void deliver(const KeyUrl &key, const Response &response) {
        const auto url = key.text();
        const auto answer = answer_of(response.body, url, pool_);
        tell({url.c_str(), &answer, nullptr});
    }

    void fail(const Task &task, const Error &error) {
        const bool keys = task.is_list() && std::get<Listing>(task.wanted).path() == "/keys";
        if (keys) {
            list_error_ = error;
            return;
        }
        MHSM_FETCH_ERROR told{};
        fill(told, error.status(), error.http_status(), error.text());
        std::string url;
        if (task.is_list()) {
            // A key whose versions cannot be listed stands for all of them.
            const auto &path = std::get<Listing>(task.wanted).path();
            url = origin_.text() + path.substr(0, path.rfind('/'));
            ++progress_.listed;
        } else {
            url = std::get<KeyUrl>(task.wanted).text();
        }
        tell({url.c_str(), nullptr, &told});
    }

    void tell(const MHSM_FETCH_KEY &key) {
        ++progress_.done;
        if (run_.on_key(run_.arg, &key) == 0) stopped();
    }

    void tell_progress(bool last) {
        if (run_.on_progress == nullptr) return;
        const auto now = Clock::now();
        if (!last && now < next_progress_) return;
        next_progress_ = now + progress_period;
        const bool lists =
            std::any_of(active_.begin(), active_.end(),
                        [](const auto &entry) { return entry.second.task.is_list(); }) ||
            std::any_of(delayed_.begin(), delayed_.end(), [](const Task &task) { return task.is_list(); });
        progress_.complete = !keys_list_ && version_lists_.empty() && !lists && !list_error_ ? 1 : 0;
        run_.on_progress(run_.arg, &progress_);
    }

    Session &session_;
    const Config &config_;
    const MHSM_FETCH_RUN &run_;
    const Origin origin_;
    Transport transport_;  // apart from the session's, which gets tokens meanwhile
    const std::optional<std::string> pool_;
    std::optional<Task> keys_list_;
    std::deque<Task> version_lists_;
    std::deque<Task> keys_;
    std::deque<Task> delayed_;
    std::map<Transfer *, Active> active_;
    std::optional<Error> list_error_;
    MHSM_FETCH_PROGRESS progress_{};
    Clock::time_point paused_until_{};
    Clock::time_point next_progress_{};
};

}  // namespace

void run_pool(Session &session, std::string_view pool, const MHSM_FETCH_RUN &run) {
    const auto origin = parse_pool(pool);
    require_allowed(origin, session.config().allowed_hosts);
    PoolRun(session, origin, run).run();
}

}  // namespace mhsm::fetch
