// Threads that work on pieces which come and go in one order.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace mhsm::cli {

// Pieces are worked on by `threads` threads at once and given on by one more, in the order in which they were put in.
// At most a few for each thread are on their way: whoever puts in more, waits.
template <class Piece>
class Workers {
public:
    // `work(piece, thread)` may run at the same time for different pieces; `finish(piece)` runs for one after the other
    // and answers false to stop everything. What either throws is thrown by put() or close().
    template <class Work, class Finish>
    Workers(std::size_t threads, Work work, Finish finish) : most_(threads * 4) {
        for (std::size_t i = 0; i < threads; ++i)
            threads_.emplace_back([this, work, i] { run([&](Piece &piece) { work(piece, i); }); });
        finisher_ = std::thread([this, finish] { give_on(finish); });
    }
    ~Workers() { join(); }
    Workers(const Workers &) = delete;
    Workers &operator=(const Workers &) = delete;

    // False once everything stopped.
    bool put(Piece piece) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return line_.size() < most_ || stopped_; });
        if (!stopped_) {
            line_.push_back(std::make_shared<Slot>(std::move(piece)));
            waiting_.push_back(line_.back());
        }
        changed_.notify_all();
        if (failure_) std::rethrow_exception(failure_);
        return !stopped_;
    }

    // Waits until all that was put in is given on.
    void close() {
        join();
        if (failure_) std::rethrow_exception(failure_);
    }

private:
    struct Slot {
        explicit Slot(Piece given) : piece(std::move(given)) {}
        Piece piece;
        bool done = false;
    };
    using SlotPtr = std::shared_ptr<Slot>;

    void join() {
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
        }
        changed_.notify_all();
        for (auto &thread : threads_)
            if (thread.joinable()) thread.join();
        if (finisher_.joinable()) finisher_.join();
    }

    void stop(std::exception_ptr failure) {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        if (!failure_) failure_ = std::move(failure);
        changed_.notify_all();
    }

    template <class Work>
    void run(Work work) {
        for (;;) {
            SlotPtr slot;
            {
                std::unique_lock lock(mutex_);
                changed_.wait(lock, [this] { return !waiting_.empty() || closed_ || stopped_; });
                if (waiting_.empty() || stopped_) return;
                slot = waiting_.front();
                waiting_.pop_front();
            }
            try {
                work(slot->piece);
            } catch (...) {
                stop(std::current_exception());
                return;
            }
            const std::lock_guard lock(mutex_);
            slot->done = true;
            changed_.notify_all();
        }
    }

    template <class Finish>
    void give_on(Finish finish) {
        for (;;) {
            SlotPtr slot;
            {
                std::unique_lock lock(mutex_);
                changed_.wait(lock, [this] { return stopped_ || (line_.empty() ? closed_ : line_.front()->done); });
                if (stopped_ || line_.empty()) return;
                slot = line_.front();
            }
            try {
                if (!finish(slot->piece)) stop(nullptr);
            } catch (...) {
                stop(std::current_exception());
            }
            const std::lock_guard lock(mutex_);
            line_.pop_front();
            changed_.notify_all();
        }
    }

    const std::size_t most_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<SlotPtr> line_, waiting_;  // all that are on their way; those that nobody works on yet
    bool closed_ = false, stopped_ = false;
    std::exception_ptr failure_;
    std::vector<std::thread> threads_;
    std::thread finisher_;
};

}  // namespace mhsm::cli
