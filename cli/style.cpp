#include "style.h"

#include <unistd.h>

#include <cstdlib>

namespace mhsm::cli {
namespace {

constexpr std::size_t label_width = 22;

std::string_view environment(const char *name) {
    const char *value = std::getenv(name);
    return value == nullptr ? std::string_view{} : std::string_view{value};
}

}  // namespace

bool terminal_can_redraw(int descriptor) {
    const auto terminal = environment("TERM");
    return !terminal.empty() && terminal != "dumb" && ::isatty(descriptor) == 1;
}

bool colour_wanted() { return environment("NO_COLOR").empty() && terminal_can_redraw(STDOUT_FILENO); }

void Lines::field(std::string_view label, std::string_view value) {
    if (value.empty()) return;
    text_ += concat({"    ", padded(concat({label, ":"}), label_width), value, "\n"});
}

}  // namespace mhsm::cli
