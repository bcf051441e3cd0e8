#include "interrupt.h"

#include <poll.h>

#include <atomic>
#include <iterator>

namespace mhsm::cli {
namespace {

std::atomic<bool> stop_asked{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may touch nothing else");

extern "C" void ask_to_stop(int) { stop_asked.store(true, std::memory_order_relaxed); }

}  // namespace

Interrupt::Interrupt() : before_{} {
    struct sigaction action {};
    action.sa_handler = ask_to_stop;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    for (std::size_t i = 0; i < std::size(signals); ++i) {
        ::sigaction(signals[i], nullptr, &before_[i]);
        // What nohup and the like had ignored stays ignored.
        if (before_[i].sa_handler != SIG_IGN) ::sigaction(signals[i], &action, nullptr);
    }
}

Interrupt::~Interrupt() {
    for (std::size_t i = 0; i < std::size(signals); ++i) ::sigaction(signals[i], &before_[i], nullptr);
}

Interrupt::Held::Held() : before_{} {
    sigset_t held;
    ::sigemptyset(&held);
    for (const int signal : signals) ::sigaddset(&held, signal);
    ::pthread_sigmask(SIG_BLOCK, &held, &before_);
}

Interrupt::Held::~Held() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

bool Interrupt::readable(int descriptor, bool patient) {
    sigset_t seen;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &seen);
    for (const int signal : signals) ::sigdelset(&seen, signal);
    struct pollfd input {
        descriptor, POLLIN, 0
    };
    constexpr struct timespec no_time {};
    return ::ppoll(&input, 1, patient ? nullptr : &no_time, &seen) == 1 && !asked();
}

bool Interrupt::asked_meanwhile() {
    readable(-1, false);
    return asked();
}

bool Interrupt::asked() { return stop_asked.load(std::memory_order_relaxed); }

}  // namespace mhsm::cli
