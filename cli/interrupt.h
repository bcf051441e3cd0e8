// Ctrl-C during a long run: noticed, so that what is done can be reported.
#pragma once

#include <csignal>

namespace mhsm::cli {

// While one lives, SIGINT, SIGTERM and SIGHUP ask to stop instead of ending the process; a second one ends it.
class Interrupt {
public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt &) = delete;
    Interrupt &operator=(const Interrupt &) = delete;

    static bool asked();
    // Waits until `descriptor` can be read, or for a signal; with `patient` false, only looks. False if it cannot be
    // read. Where signals are held, this is where they arrive, so that none is missed between a look and a wait.
    static bool readable(int descriptor, bool patient);
    // asked(), with what was held.
    static bool asked_meanwhile();

    // While one lives, this thread and those that it starts do not see the signals, but in readable() and
    // asked_meanwhile().
    class Held {
    public:
        Held();
        ~Held();
        Held(const Held &) = delete;
        Held &operator=(const Held &) = delete;

    private:
        sigset_t before_;
    };

private:
    static constexpr int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction before_[3];
};

}  // namespace mhsm::cli
