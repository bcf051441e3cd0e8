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

bool colour_wanted() {
    const auto terminal = environment("TERM");
    return environment("NO_COLOR").empty() && !terminal.empty() && terminal != "dumb" && ::isatty(STDOUT_FILENO) == 1;
}

void Lines::field(std::string_view label, std::string_view value) {
    if (value.empty()) return;
    text_ += concat({"    ", padded(concat({label, ":"}), label_width), value, "\n"});
}

}  // namespace mhsm::cli
