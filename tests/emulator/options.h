// The command line of the emulator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arguments.h"

namespace emulator {

struct Options {
    bool help = false, verbose = false, until_eof = false;
    std::string folder;  // of what clients need; empty: a temporary one, removed at the end
    std::string pool = "emulator";
    std::size_t keys = 0;  // key-00001 and on, beside the named ones
    std::uint64_t seed = 1;
    int port = 0, stranger_port = 0, imds_port = 0;  // 0: any free one
    std::string imds_address = "127.0.0.1";
    std::vector<std::string> faults;
};

extern const std::string_view usage;

using forge::parse_number;
using forge::UsageError;

// Throws UsageError.
Options parse_options(std::span<char *> given);

}  // namespace emulator
