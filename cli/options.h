// The command line: one table of options, from which parsing, -help and the stored settings follow.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/result.h"

namespace mhsm::cli {

// What the user asked for. Values are as given, except that choices have the spelling of the table.
struct Options {
    using Text = std::optional<std::string>;
    using Texts = std::vector<std::string>;

    bool help = false, version = false, quiet = false, verbose = false, nocolor = false;
    bool noout = false, text = false, brief = false;
    bool no_check_time = false, no_default_hsm_roots = false;
    bool list_hsm_roots = false, list_policies = false, list_demands = false;
    bool trust_pool = false, all_versions = false;
    bool batch = false, files = false;
    Text in, inform, out, outform, pubout, certs_out;
    Text csr, cert, pubkey;
    Text policy, owner_root, owner_trust, known_pools, shell_init;
    Text uri, pool, resume, totals, save, api_version, auth, token_file, ca_file, ca_path;
    Texts require, owner_pin, hsm_root, allow_host, connect_to;
    std::optional<std::int64_t> attime, timeout, retries, jobs;

    Texts arguments;  // the whole command line after the program's name, to repeat it in advice
};

// Where the value of an option goes; a section heading of the table goes nowhere.
struct Heading {};
struct Choice {
    Options::Text Options::*member;  // one of the words of the argument, which '|' separates
};
struct Number {
    std::optional<std::int64_t> Options::*member;
    std::int64_t least, most;
    std::string_view meaning;  // "number of ...", for the complaint about another value
};
using Target = std::variant<Heading, bool Options::*, Options::Text Options::*, Options::Texts Options::*, Number, Choice>;

struct OptionSpec {
    std::string_view name;      // without the dash; the text of a heading
    std::string_view argument;  // its kind as -help names it; empty for a flag
    Target target;              // an option that fills a list may be repeated
    std::string_view help;
};

std::span<const OptionSpec> option_table();

// Parses the arguments after the program's name. Stops at -help. A Failure holds the complaint in `detail`.
Result<Options> parse_options(std::span<const char *const> arguments);

// The text of -help.
std::string help_text();

}  // namespace mhsm::cli
