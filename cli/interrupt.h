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

private:
    static constexpr int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction before_[3];
};

}  // namespace mhsm::cli
