#include "options.h"

#include <algorithm>
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

namespace {

std::string pool_name(std::string_view text) {
    const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    constexpr std::size_t shortest = 3, longest = 24;
    if (text.size() < shortest || text.size() > longest || !std::all_of(text.begin(), text.end(), fits))
        throw UsageError("not the name of a pool (3 to 24 of a-z, 0-9 and -): " + std::string(text));
    return std::string(text);
}

forge::Option port(std::string_view name, int &target) {
    return forge::number(name, target, std::numeric_limits<std::uint16_t>::max());
}

}  // namespace

Options parse_options(std::span<char *> given) {
    constexpr std::uint64_t most_keys = 99999;
    Options options;
    const std::vector<forge::Option> known = {
        forge::flag("-help", options.help),
        forge::flag("-verbose", options.verbose),
        forge::flag("-until_eof", options.until_eof),
        forge::text("-dir", options.folder),
        port("-port", options.port),
        port("-stranger_port", options.stranger_port),
        port("-imds_port", options.imds_port),
        forge::text("-imds_address", options.imds_address),
        {"-pool", nullptr, [&options](std::string_view name) { options.pool = pool_name(name); }},
        forge::number("-keys", options.keys, most_keys),
        forge::number("-seed", options.seed),
        {"-fault", nullptr, [&options](std::string_view fault) { options.faults.emplace_back(fault); }},
    };
    forge::parse_arguments(given, known);
    return options;
}

}  // namespace emulator
