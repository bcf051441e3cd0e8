// The command line, one argument a line: it parses or is refused with a complaint, the same way each time.
#include "options.h"

#include "diagnostics.h"
#include "property.h"

using namespace mhsm;

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    constexpr std::size_t most_arguments = 64;
    fuzz::Input input(data, size);
    std::vector<std::string> words;
    while (!input.empty() && words.size() < most_arguments) {
        const auto line = input.line();
        words.emplace_back(line.substr(0, line.find('\0')));  // an argument ends at a NUL
    }
    std::vector<const char *> arguments;
    for (const auto &word : words) arguments.push_back(word.c_str());
    const auto options = cli::parse_options(arguments);
    if (!options) {
        fuzz::require(!options.failure().detail.empty(), "a refusal says why");
        fuzz::require_printable(options.failure().detail, "a complaint");
        return 0;
    }
    fuzz::require(options->arguments == words, "the command line is kept as it was given");
    fuzz::require(cli::parse_options(arguments).ok(), "parsing is deterministic");
    for (const auto &word : words) fuzz::require_printable(cli::shell_word(word), "a word of advice");
    return 0;
}
