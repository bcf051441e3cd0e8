#include "progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "diagnostics.h"
#include "output.h"
#include "style.h"
#include "text.h"

namespace mhsm::cli {
namespace {

constexpr std::size_t usual_width = 80;
constexpr std::size_t widest_bar = 40, narrowest_bar = 8;
constexpr std::chrono::milliseconds between_drawings{100};

std::size_t terminal_width() {
    struct winsize size {};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return usual_width;
    return size.ws_col;
}

std::string clock_words(double seconds) {
    constexpr double longest = 359999;  // 99:59:59
    const auto whole = static_cast<unsigned>(std::clamp(seconds, 0.0, longest));
    char text[32];
    if (whole >= 3600)
        static_cast<void>(std::snprintf(text, sizeof text, "%u:%02u:%02u", whole / 3600, whole / 60 % 60, whole % 60));
    else
        static_cast<void>(std::snprintf(text, sizeof text, "%u:%02u", whole / 60, whole % 60));
    return text;
}

std::string bar(double fraction, std::size_t columns) {
    const auto full = std::min(static_cast<std::size_t>(fraction * static_cast<double>(columns)), columns);
    std::string text(full, '=');
    if (full < columns) text += '>';
    text.resize(columns, ' ');
    return concat({"[", text, "] "});
}

}  // namespace

std::string progress_line(const Done &done, double seconds, std::size_t width) {
    auto words = concat({std::to_string(done.entries), done.entries == 1 ? " key" : " keys"});
    const double rate = seconds > 0 ? static_cast<double>(done.entries) / seconds : 0;
    if (rate >= 1) words += concat({"  ", std::to_string(static_cast<std::uint64_t>(rate)), "/s"});
    std::string graph;
    if (done.total > 0) {
        const double fraction = std::min(1.0, static_cast<double>(done.position) / static_cast<double>(done.total));
        if (fraction > 0) words += concat({"  ETA ", clock_words(seconds / fraction - seconds)});
        words = concat({std::to_string(static_cast<int>(fraction * 100)), "%  ", words});
        constexpr std::size_t frame = 3;
        const auto room = width > words.size() + frame ? width - words.size() - frame : 0;
        if (room >= narrowest_bar) graph = bar(fraction, std::min(room, widest_bar));
    }
    return concat({graph, words}).substr(0, width);
}

Progress::Progress(bool wanted) : active_(wanted && terminal_can_redraw(STDERR_FILENO)) {}

void Progress::update(const Done &done) {
    if (!active_) return;
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    if (now - drawn_ < between_drawings) return;
    drawn_ = now;
    const auto width = terminal_width();
    const std::chrono::duration<double> since = now - begin_;
    // A character in the last column would wrap on some terminals.
    const auto line = progress_line(done, since.count(), width > 1 ? width - 1 : 1);
    const auto rest = shown_ > line.size() && shown_ < width ? shown_ - line.size() : 0;
    write_stderr(concat({"\r", line, blanks(rest)}));
    shown_ = line.size();
}

void Progress::wipe() {
    if (shown_ == 0) return;
    const auto width = terminal_width();
    write_stderr(concat({"\r", blanks(std::min(shown_, width > 1 ? width - 1 : 1)), "\r"}));
    shown_ = 0;
}

void Progress::clear() {
    if (!active_) return;
    const std::lock_guard lock(mutex_);
    wipe();
}

void Progress::complain(std::string_view text) {
    const std::lock_guard lock(mutex_);
    wipe();
    cli::complain(text);
}

}  // namespace mhsm::cli
