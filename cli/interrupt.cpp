#include "interrupt.h"

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

bool Interrupt::asked() { return stop_asked.load(std::memory_order_relaxed); }

}  // namespace mhsm::cli
