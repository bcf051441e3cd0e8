#include "options.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace emulator {

const std::string_view usage =
    "Usage: mhsm-emulator [options]\n"
    "A Managed HSM on loopback: TLS, tokens, keys and their attestations, under test roots that nobody must trust.\n"
    "\n"
    " -help              Display this summary\n"
    " -dir DIR           Write ca.pem, token, emulator.json and the like there (default: a temporary folder)\n"
    " -port N            TLS port of pool and token endpoint (default: a free one)\n"
    " -stranger_port N   TLS port of a second server that is no pool of ours (default: a free one)\n"
    " -imds_address ADDR Where managed identities are served over plain http (default 127.0.0.1)\n"
    " -imds_port N       Its port (default: a free one)\n"
    " -pool NAME         Name of the pool (default emulator)\n"
    " -keys N            Also serve key-00001 to key-N\n"
    " -seed N            Number that key versions and faults follow from (default 1)\n"
    " -fault SPEC        A fault, such as kind=status,status=503,probability=0.1,path=/attestation; may be repeated\n"
    " -until_eof         End when standard input ends\n"
    " -verbose           Log requests, without secrets\n";

std::uint64_t parse_number(std::string_view text, std::uint64_t greatest) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number > greatest)
        throw UsageError("not a number from 0 to " + std::to_string(greatest) + ": " + std::string(text));
    return number;
}

namespace {

std::string pool_name(std::string_view text) {
    const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    constexpr std::size_t shortest = 3, longest = 24;
    if (text.size() < shortest || text.size() > longest || !std::all_of(text.begin(), text.end(), fits))
        throw UsageError("not the name of a pool (3 to 24 of a-z, 0-9 and -): " + std::string(text));
    return std::string(text);
}

int port(std::string_view text) {
    return static_cast<int>(parse_number(text, std::numeric_limits<std::uint16_t>::max()));
}

}  // namespace

Options parse_options(std::span<char *> given) {
    constexpr std::uint64_t most_keys = 99999;
    Options options;
    for (std::size_t i = 0; i < given.size(); ++i) {
        const std::string_view option = given[i];
        const auto value = [&] {
            if (++i == given.size()) throw UsageError("no value for " + std::string(option));
            return std::string_view(given[i]);
        };
        if (option == "-help")
            options.help = true;
        else if (option == "-verbose")
            options.verbose = true;
        else if (option == "-until_eof")
            options.until_eof = true;
        else if (option == "-dir")
            options.folder = value();
        else if (option == "-port")
            options.port = port(value());
        else if (option == "-stranger_port")
            options.stranger_port = port(value());
        else if (option == "-imds_port")
            options.imds_port = port(value());
        else if (option == "-imds_address")
            options.imds_address = value();
        else if (option == "-pool")
            options.pool = pool_name(value());
        else if (option == "-keys")
            options.keys = parse_number(value(), most_keys);
        else if (option == "-seed")
            options.seed = parse_number(value(), std::numeric_limits<std::uint64_t>::max());
        else if (option == "-fault")
            options.faults.emplace_back(value());
        else
            throw UsageError("unknown option " + std::string(option));
    }
    return options;
}

}  // namespace emulator
