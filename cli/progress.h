// How far a long run is, on a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace mhsm::cli {

struct Done {
    std::uint64_t entries = 0;              // results so far
    std::uint64_t position = 0, total = 0;  // of the work, in any unit (keys, bytes); total 0: not known
};

// "[=====>    ]  52%  5200 keys  410/s  ETA 0:12" in at most `width` columns, or without bar and ETA.
std::string progress_line(const Done &done, double seconds, std::size_t width);

// One line on stderr that is drawn over again, only if stderr is a terminal that can do that. All members may be
// called from any thread.
class Progress {
public:
    explicit Progress(bool wanted);
    ~Progress() { clear(); }
    Progress(const Progress &) = delete;
    Progress &operator=(const Progress &) = delete;

    // Draws at most ten times a second.
    void update(const Done &done);
    // Leaves the line of the terminal empty; to be called before anything else is printed there.
    void clear();
    // complain(), on a line of its own.
    void complain(std::string_view text);

private:
    using Clock = std::chrono::steady_clock;
    void wipe();

    const bool active_;
    const Clock::time_point begin_ = Clock::now();
    std::mutex mutex_;
    Clock::time_point drawn_{};
    std::size_t shown_ = 0;  // columns to wipe
};

}  // namespace mhsm::cli
