// Threads that work on pieces which come and go in one order.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace mhsm::cli {

// Pieces are worked on by several threads at once and given on by one at a time, in the order in which they were put
// in. Whoever puts in is one of the threads: instead of waiting while many pieces are on their way, it works too. So
// one thread means no other, and a piece is worked on while it is still in the processor's cache.
template <class Piece>
class Workers {
public:
    // `work(piece, thread)` may run at the same time for different pieces; `finish(piece)` runs for one after the other
    // and answers false to stop everything. What either throws is thrown by put(), help() or close().
    template <class Work, class Finish>
    Workers(std::size_t threads, Work work, Finish finish)
        : work_(std::move(work)), finish_(std::move(finish)), most_((threads - 1) * 4) {
        threads_.reserve(threads - 1);
        try {
            for (std::size_t i = 1; i < threads; ++i) threads_.emplace_back([this, i] { run(i); });
        } catch (const std::system_error &) {
            // The system gives no more threads: those that there are do all the work.
            most_ = threads_.size() * 4;
        } catch (...) {
            stop(nullptr);
            join();
            throw;
        }
    }
    ~Workers() {
        stop(nullptr);
        join();
    }
    Workers(const Workers &) = delete;
    Workers &operator=(const Workers &) = delete;

    // False once everything stopped.
    bool put(Piece piece) {
        std::unique_lock lock(mutex_);
        if (!stopped_) {
            line_.push_back(std::make_shared<Slot>(std::move(piece)));
            waiting_.push_back(line_.back());
            changed_.notify_all();
        }
        work_until(lock, [this] { return line_.size() <= most_; });
        return answer();
    }

    // Works until no piece is left that nobody works on: for who would have to wait for the next.
    bool help() {
        std::unique_lock lock(mutex_);
        work_until(lock, [this] { return waiting_.empty(); });
        return answer();
    }

    // Returns when all that was put in is given on.
    void close() {
        std::unique_lock lock(mutex_);
        work_until(lock, [this] { return line_.empty(); });
        stopped_ = true;
        changed_.notify_all();
        lock.unlock();
        join();
        static_cast<void>(answer());
    }

private:
    struct Slot {
        explicit Slot(Piece given) : piece(std::move(given)) {}
        Piece piece;
        bool done = false;
    };
    using SlotPtr = std::shared_ptr<Slot>;
    using Lock = std::unique_lock<std::mutex>;

    bool answer() const {
        if (failure_) std::rethrow_exception(failure_);
        return !stopped_;
    }

    void join() {
        for (auto &thread : threads_)
            if (thread.joinable()) thread.join();
    }

    void stop(std::exception_ptr failure) {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        if (!failure_) failure_ = std::move(failure);
        changed_.notify_all();
    }

    void run(std::size_t thread) {
        Lock lock(mutex_);
        while (!stopped_)
            if (!step(lock, thread)) changed_.wait(lock);
    }

    template <class Condition>
    void work_until(Lock &lock, Condition reached) {
        while (!stopped_ && !reached())
            if (!step(lock, 0)) changed_.wait(lock);
    }

    // Does one thing, for which the lock is released; false if there is none to do.
    bool step(Lock &lock, std::size_t thread) {
        if (!line_.empty() && line_.front()->done && !finishing_) {
            give_on(lock);
            return true;
        }
        if (waiting_.empty()) return false;
        const auto slot = waiting_.front();
        waiting_.pop_front();
        unlocked(lock, [&] { work_(slot->piece, thread); });
        slot->done = true;
        changed_.notify_all();
        return true;
    }

    void give_on(Lock &lock) {
        finishing_ = true;
        const auto slot = line_.front();
        unlocked(lock, [&] {
            if (!finish_(slot->piece)) stop(nullptr);
        });
        line_.pop_front();
        finishing_ = false;
        changed_.notify_all();
    }

    template <class Action>
    void unlocked(Lock &lock, Action action) {
        lock.unlock();
        try {
            action();
        } catch (...) {
            stop(std::current_exception());
        }
        lock.lock();
    }

    const std::function<void(Piece &, std::size_t)> work_;
    const std::function<bool(Piece &)> finish_;
    std::size_t most_;  // that are on their way before whoever puts in works too
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<SlotPtr> line_, waiting_;  // all that are on their way; those that nobody works on yet
    bool finishing_ = false, stopped_ = false;
    std::exception_ptr failure_;
    std::vector<std::thread> threads_;
};

}  // namespace mhsm::cli
