// Feeds files to a fuzz target without libFuzzer, each as it is and after a few changes that are the same on every
// machine: the corpus as an ordinary test, with any compiler.
//
// usage: fuzz_replay_<target> [-changes=N] FILE|FOLDER...
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <set>
#include <vector>

#include "replay.h"

extern "C" {
// Targets with a mutator of their own define it.
__attribute__((weak)) std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t max_size,
                                                          unsigned seed);
}

namespace {

using Bytes = std::vector<std::uint8_t>;
namespace fs = std::filesystem;

Bytes read(const fs::path &path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path.string());
    return {std::istreambuf_iterator<char>(file), {}};
}

// In one order on every machine.
std::set<fs::path> files_of(const char *argument) {
    if (!fs::is_directory(argument)) return {argument};
    std::set<fs::path> files;
    for (const auto &entry : fs::recursive_directory_iterator(argument))
        if (entry.is_regular_file()) files.insert(entry.path());
    return files;
}

void run(const Bytes &input) {
    // A copy of exactly this size, so that reading past its end is noticed.
    const Bytes exact(input);
    static_cast<void>(LLVMFuzzerTestOneInput(exact.data(), exact.size()));
}

Bytes changed(Bytes input, unsigned seed) {
    mhsm::fuzz::seed_changes(seed + 1);
    const auto used = input.size();
    const auto room = used + 64;
    input.resize(room);
    const auto mutate = LLVMFuzzerCustomMutator;
    input.resize(mutate != nullptr ? mutate(input.data(), used, room, seed)
                                   : LLVMFuzzerMutate(input.data(), used, room));
    return input;
}

std::size_t replay(const fs::path &path, unsigned changes) {
    const auto input = read(path);
    std::cerr << path.filename().string() << std::endl;  // the last name printed is the one that stopped the run
    run(input);
    for (unsigned i = 0; i < changes; ++i) run(changed(input, i));
    return 1 + changes;
}

}  // namespace

int main(int argc, char **argv) {
    unsigned changes = 0;
    std::size_t runs = 0;
    try {
        for (int i = 1; i < argc; ++i) {
            constexpr std::string_view option = "-changes=";
            if (std::string_view(argv[i]).starts_with(option)) {
                changes = static_cast<unsigned>(std::stoul(argv[i] + option.size()));
                continue;
            }
            for (const auto &path : files_of(argv[i])) runs += replay(path, changes);
        }
    } catch (const std::exception &error) {
        std::cerr << "replay: " << error.what() << "\n";
        return 2;
    }
    std::cerr << runs << " runs\n";
    return runs > 0 ? 0 : 2;  // a corpus that has gone is no success
}
