// Runs a fuzz target without libFuzzer, over inputs that follow from their number: in every build, on every compiler.
#include <random>
#include <vector>

#include "property.h"

int main() {
    constexpr unsigned inputs = 3000;
    constexpr std::size_t longest = 200;
    std::mt19937 random(1);
    for (unsigned i = 0; i < inputs; ++i) {
        std::vector<std::uint8_t> input(random() % longest);
        // Half of them are printable, so that texts get past their first word.
        for (auto &byte : input) byte = static_cast<std::uint8_t>(i % 2 == 0 ? random() : ' ' - 1 + random() % 0x60);
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    return 0;
}
