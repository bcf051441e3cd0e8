// Pieces are given on in the order in which they were put in, by as many threads as were asked for, whatever goes
// wrong on the way.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string>

#include "cmocka_cpp.h"
#include "workers.h"

using namespace mhsm;
using cli::Workers;

namespace {

struct Seen {
    std::mutex mutex;
    std::vector<int> given_on;
    std::set<std::thread::id> threads;
    std::atomic<int> most_at_once{0};
};

// Puts in 0 to count - 1. Every third piece takes a while, so that later ones overtake it.
void run(std::size_t threads, int count, Seen &seen) {
    std::atomic<int> on_their_way{0};
    Workers<int> workers(
        threads,
        [&](int &piece, std::size_t) {
            if (piece % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
            const std::lock_guard lock(seen.mutex);
            seen.threads.insert(std::this_thread::get_id());
        },
        [&](int &piece) {
            seen.given_on.push_back(piece);
            --on_their_way;
            return true;
        });
    for (int i = 0; i < count; ++i) {
        seen.most_at_once = std::max(seen.most_at_once.load(), ++on_their_way);
        CHECK(workers.put(i));
    }
    workers.close();
}

// What the caller hears of a failure at piece 5: the number of the call, or what was thrown.
template <class Work, class Finish>
std::string outcome(std::size_t threads, Work work, Finish finish) {
    constexpr int pieces = 1000;
    try {
        Workers<int> workers(threads, work, finish);
        for (int i = 0; i < pieces; ++i)
            if (!workers.put(i)) return "stopped";
        workers.close();
    } catch (const std::runtime_error &error) {
        return error.what();
    }
    return "all done";
}

}  // namespace

TEST(order_is_kept) {
    for (const std::size_t threads : {1U, 2U, 3U, 8U}) {
        const test::Context row(std::to_string(threads) + " threads");
        Seen seen;
        run(threads, 300, seen);
        CHECK_EQ(seen.given_on.size(), 300U);
        CHECK(std::ranges::is_sorted(seen.given_on));
        CHECK(seen.threads.size() <= threads);
        CHECK(seen.most_at_once <= static_cast<int>(4 * threads));
    }
}

TEST(one_thread_is_the_caller_itself) {
    Seen seen;
    run(1, 10, seen);
    CHECK_EQ(seen.threads.size(), 1U);
    CHECK(*seen.threads.begin() == std::this_thread::get_id());
    CHECK_EQ(seen.most_at_once.load(), 1);
}

TEST(nothing_is_left_to_do_after_help) {
    int worked = 0;
    Workers<int> workers(
        1, [&](int &, std::size_t) { ++worked; }, [](int &) { return true; });
    for (int i = 0; i < 5; ++i) {
        CHECK(workers.put(i));
        CHECK(workers.help());
        CHECK_EQ(worked, i + 1);
    }
    workers.close();
}

TEST(a_failure_of_the_work_reaches_the_caller) {
    for (const std::size_t threads : {1U, 2U, 8U}) {
        const auto fails = [](int &piece, std::size_t) {
            if (piece == 5) throw std::runtime_error("piece 5");
        };
        CHECK_EQ(outcome(threads, fails, [](int &) { return true; }), "piece 5");
    }
}

TEST(a_failure_to_give_on_reaches_the_caller) {
    for (const std::size_t threads : {1U, 2U, 8U}) {
        const auto works = [](int &, std::size_t) {};
        const auto fails = [](int &piece) -> bool {
            if (piece == 5) throw std::runtime_error("could not give on");
            return true;
        };
        CHECK_EQ(outcome(threads, works, fails), "could not give on");
        CHECK_EQ(outcome(threads, works, [](int &piece) { return piece != 5; }), "stopped");
    }
}

TEST(who_leaves_early_waits_for_no_piece) {
    std::atomic<int> given_on{0};
    {
        Workers<int> workers(
            2, [](int &, std::size_t) { std::this_thread::sleep_for(std::chrono::milliseconds(1)); },
            [&](int &) { return ++given_on > 0; });
        for (int i = 0; i < 3; ++i) CHECK(workers.put(i));
    }
    CHECK(given_on <= 3);
}
