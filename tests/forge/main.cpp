// mhsm-forge: writes test evidence into a folder.
#include <exception>
#include <iomanip>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arguments.h"
#include "manifest.h"
#include "stream.h"

namespace {

constexpr std::string_view usage =
    "Usage: mhsm-forge -out DIR [options]\n"
    "Mints evidence of a test PKI, genuine in form and forged, to test verifiers with.\n"
    "\n"
    " -help       Display this summary\n"
    " -list       List the cases and what they are about\n"
    " -out DIR    Folder to write to; it is made if it does not exist\n"
    " -seed N     Number that everything follows from (default 1)\n"
    " -kind NAME  Write only the case of this name\n"
    " -all        Write all cases (default)\n"
    " -pki_only   Write only the roots\n"
    " -jsonl N    Write the roots, and one stream of genuine evidence of N keys instead of cases\n"
    " -pools M    Pools that these keys are in (default 1)\n";

constexpr int exit_ok = 0, exit_failed = 1, exit_usage = 2;

struct Arguments {
    bool help = false, list = false, pki_only = false;
    std::string out, kind;
    std::uint64_t seed = forge::default_seed, stream = 0, pools = 1;
};

Arguments parse(std::span<char *> given) {
    Arguments arguments;
    const std::vector<forge::Option> options = {
        forge::flag("-help", arguments.help),
        forge::flag("-list", arguments.list),
        forge::flag("-pki_only", arguments.pki_only),
        forge::text("-out", arguments.out),
        forge::text("-kind", arguments.kind),
        forge::number("-seed", arguments.seed),
        forge::number("-jsonl", arguments.stream),
        forge::number("-pools", arguments.pools),
        {"-all", [&arguments] { arguments.kind.clear(); }, nullptr},
    };
    forge::parse_arguments(given, options);
    if (!arguments.help && !arguments.list && arguments.out.empty()) throw forge::UsageError("no -out");
    if (arguments.pools == 0) throw forge::UsageError("-pools must be at least 1");
    return arguments;
}

void run(const Arguments &arguments) {
    if (arguments.help) {
        std::cout << usage;
        return;
    }
    if (arguments.list) {
        for (const auto &entry : forge::list_cases())
            std::cout << std::left << std::setw(50) << entry.name << " " << entry.description << "\n";
        return;
    }
    std::filesystem::create_directories(arguments.out);
    forge::write_anchors(arguments.out, arguments.seed);
    if (arguments.pki_only) return;
    if (arguments.stream > 0) {
        forge::write_stream(arguments.out, arguments.seed, arguments.stream, arguments.pools);
        return;
    }
    const auto cases = arguments.kind.empty() ? forge::mint_all(arguments.seed)
                                              : std::vector{forge::mint(arguments.kind, arguments.seed)};
    forge::write_cases(arguments.out, arguments.seed, cases);
}

}  // namespace

int main(int argc, char **argv) {
    try {
        run(parse(std::span(argv, static_cast<std::size_t>(argc)).subspan(1)));
        return exit_ok;
    } catch (const forge::UsageError &error) {
        std::cerr << "mhsm-forge: " << error.what() << " (see mhsm-forge -help)\n";
        return exit_usage;
    } catch (const std::exception &error) {
        std::cerr << "mhsm-forge: " << error.what() << "\n";
        return exit_failed;
    }
}
