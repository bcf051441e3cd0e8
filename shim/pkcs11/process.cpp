#include "process.h"

#include <unistd.h>

#include <atomic>

#include "error.h"

namespace mhsm::pkcs11 {
namespace {

// Of one process. In a child after fork(2) some thread of the parent may have held the mutex, or have been in the
// midst of anything: the parent's state is then left alone for good, and the child makes its own.
struct ProcessState {
    explicit ProcessState(ProcessState *of_parent) : parent(of_parent) {}

    const pid_t process = ::getpid();
    ProcessState *const parent;  // kept reachable, never used
    std::mutex mutex;
    std::shared_ptr<Instance> instance;
};

std::atomic<ProcessState *> current{nullptr};

// When the module is unloaded. An instance that was not finalized stays: libcrypto may be gone by now.
struct Unloading {
    Unloading() = default;
    Unloading(const Unloading &) = delete;
    Unloading &operator=(const Unloading &) = delete;
    ~Unloading() {
        const auto *state = current.load();
        if (state == nullptr || state->process != ::getpid() || state->instance) return;
        const std::unique_ptr<ProcessState> finalized(current.exchange(nullptr));
    }
};
const Unloading unloading;

bool is_own(const ProcessState *state) { return state != nullptr && state->process == ::getpid(); }

ProcessState *own_state() {
    auto *state = current.load(std::memory_order_acquire);
    return is_own(state) ? state : nullptr;
}

ProcessState &make_own_state() {
    auto *state = current.load(std::memory_order_acquire);
    while (!is_own(state)) {
        auto fresh = std::make_unique<ProcessState>(state);
        // If another thread was faster, `state` is now its.
        if (current.compare_exchange_strong(state, fresh.get(), std::memory_order_acq_rel)) return *fresh.release();
    }
    return *state;
}

}  // namespace

std::shared_ptr<Instance> current_instance() {
    auto *state = own_state();
    if (state == nullptr) throw Error(CKR_CRYPTOKI_NOT_INITIALIZED);
    const std::lock_guard lock(state->mutex);
    if (!state->instance) throw Error(CKR_CRYPTOKI_NOT_INITIALIZED);
    return state->instance;
}

void initialize_process(const char *reserved, bool may_create_threads) {
    auto &state = make_own_state();
    const std::lock_guard lock(state.mutex);
    if (state.instance) throw Error(CKR_CRYPTOKI_ALREADY_INITIALIZED);
    state.instance = std::make_shared<Instance>(reserved, may_create_threads);
}

void finalize_process() {
    auto *state = own_state();
    if (state == nullptr) throw Error(CKR_CRYPTOKI_NOT_INITIALIZED);
    std::shared_ptr<Instance> last;  // freed after the lock
    const std::lock_guard lock(state->mutex);
    if (!state->instance) throw Error(CKR_CRYPTOKI_NOT_INITIALIZED);
    last.swap(state->instance);
}

}  // namespace mhsm::pkcs11
