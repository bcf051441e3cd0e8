#include "options.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>

#include "diagnostics.h"
#include "text.h"

namespace mhsm::cli {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
    using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

Failure complaint(std::string text) { return {Reason::none, {}, std::move(text)}; }

std::string dashed(const OptionSpec &spec) { return concat({"-", spec.name}); }

bool is_heading(const OptionSpec &spec) { return std::holds_alternative<Heading>(spec.target); }

const OptionSpec *find_option(std::string_view name) {
    for (const auto &spec : option_table())
        if (!is_heading(spec) && spec.name == name) return &spec;
    return nullptr;
}

std::optional<std::string> choose(std::string_view words, std::string_view given) {
    while (!words.empty()) {
        const auto word = words.substr(0, words.find('|'));
        if (equal_ignoring_case(word, given)) return std::string(word);
        words.remove_prefix(std::min(words.size(), word.size() + 1));
    }
    return std::nullopt;
}

std::optional<std::int64_t> parse_number(const Number &number, std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (value < number.least || value > number.most) return std::nullopt;
    return value;
}

Outcome store_choice(const OptionSpec &spec, Options::Text &field, std::string_view value) {
    field = choose(spec.argument, value);
    if (field) return Outcome::pass();
    return Outcome::fail(complaint("Invalid value " + quoted(value) + " for option " + dashed(spec) + ", expected " +
                                   std::string(spec.argument)));
}

Outcome store_number(const OptionSpec &spec, const Number &number, Options &options, std::string_view value) {
    options.*number.member = parse_number(number, value);
    if (options.*number.member) return Outcome::pass();
    return Outcome::fail(complaint("Can't parse " + quoted(value) + " as a " + std::string(number.meaning) +
                                   " for option " + dashed(spec)));
}

Outcome store(Options &options, const OptionSpec &spec, std::string_view value) {
    return std::visit(Overloaded{
                          [](Heading) { return Outcome::pass(); },
                          [&](bool Options::*member) {
                              options.*member = true;
                              return Outcome::pass();
                          },
                          [&](Options::Text Options::*member) {
                              options.*member = std::string(value);
                              return Outcome::pass();
                          },
                          [&](Options::Texts Options::*member) {
                              (options.*member).emplace_back(value);
                              return Outcome::pass();
                          },
                          [&](const Number &number) { return store_number(spec, number, options, value); },
                          [&](Choice choice) { return store_choice(spec, options.*choice.member, value); },
                      },
                      spec.target);
}

bool already_given(const Options &options, const OptionSpec &spec) {
    return std::visit(Overloaded{
                          [](Heading) { return false; },
                          [](Options::Texts Options::*) { return false; },
                          [&](bool Options::*member) { return options.*member; },
                          [&](Choice choice) { return (options.*choice.member).has_value(); },
                          [&](const Number &number) { return (options.*number.member).has_value(); },
                          [&](auto member) { return (options.*member).has_value(); },
                      },
                      spec.target);
}

// One argument of the command line, split at the '=' that OpenSSL accepts too.
struct Word {
    std::string_view name;
    std::optional<std::string_view> value;
};

std::optional<Word> split_word(std::string_view argument) {
    if (argument.size() < 2 || argument[0] != '-') return std::nullopt;
    argument.remove_prefix(argument[1] == '-' ? 2 : 1);
    const auto equals = argument.find('=');
    if (equals == std::string_view::npos) return Word{argument, std::nullopt};
    return Word{argument.substr(0, equals), argument.substr(equals + 1)};
}

Failure extra_argument(std::string_view argument) {
    return complaint("Extra option: " + quoted(argument) + "; evidence is named with -in");
}

// Pairs of options of which only one makes sense.
Outcome check_conflicts(const Options &options) {
    const bool fetches = options.uri || options.pool;
    const bool many_keys = options.pool || options.batch;
    const bool one_key = options.csr || options.cert || options.pubkey || options.pubout || options.certs_out ||
                         options.text || options.brief;
    const bool not_text = options.outform && *options.outform != "text";
    const struct {
        bool both;
        std::string_view text;
    } conflicts[] = {
        {options.text && options.brief, "Options -text and -brief exclude each other"},
        {options.text && not_text, "Option -text needs -outform text"},
        {options.brief && not_text, "Option -brief needs -outform text"},
        {options.noout && options.out, "Option -out has nothing to write with -noout"},
        {options.in.has_value() + options.uri.has_value() + options.pool.has_value() > 1,
         "Only one of -in, -uri and -pool can be given"},
        {fetches && options.inform, "Option -inform is about files, not about what is fetched"},
        {options.save && !fetches, "Option -save needs -uri or -pool"},
        {options.trust_pool && !fetches,
         "Option -trust_pool needs -uri or -pool: it records what the pool itself shows"},
        {(options.all_versions || options.resume) && !options.pool, "Options -all_versions and -resume need -pool"},
        {(options.totals || options.jobs) && !many_keys, "Options -jobs and -totals need -pool or -batch"},
        {options.batch && fetches, "Option -batch reads evidence, and -uri and -pool fetch it"},
        {options.files && !options.batch, "Option -files needs -batch"},
        {options.files && options.inform, "Option -inform is about evidence, not about a list of files"},
        {!options.batch && (options.inform == "JSONL" || options.inform == "TAR"),
         "Options -inform JSONL and -inform TAR need -batch"},
        {many_keys && one_key, "Options -csr, -cert, -pubkey, -pubout, -certs_out, -text and -brief are about one key"},
        {many_keys && options.outform == "ear", "Option -outform ear is about one key"},
        {!many_keys && options.outform == "csv", "Option -outform csv needs -pool or -batch"},
        {options.attime && options.no_check_time, "Options -attime and -no_check_time exclude each other"},
        {options.no_default_hsm_roots && options.hsm_root.empty(),
         "No HSM root left to trust: -no_default_hsm_roots needs -hsm_root"},
        {options.list_hsm_roots + options.list_policies + options.list_demands + options.shell_init.has_value() > 1,
         "Only one of the -list_* options and -shell_init can be given"},
    };
    for (const auto &conflict : conflicts)
        if (conflict.both) return Outcome::fail(complaint(std::string(conflict.text)));
    return Outcome::pass();
}

// Two names of one file, be it through a link.
bool same_file(std::string_view a, std::string_view b) {
    if (a == b) return true;
    if (a == "-" || b == "-") return false;
    struct stat first {
    }, second{};
    return ::stat(std::string(a).c_str(), &first) == 0 && ::stat(std::string(b).c_str(), &second) == 0 &&
           S_ISREG(first.st_mode) && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

// No file may be written twice, nor the evidence be overwritten by what is said about it.
Outcome check_files(const Options &options) {
    std::vector<std::pair<std::string_view, std::string_view>> files;
    if (options.in && *options.in != "-") files.emplace_back("-in", *options.in);
    if (options.out)
        files.emplace_back("-out", *options.out);
    else if (!options.noout && !options.quiet)
        files.emplace_back("the report", "-");
    if (options.save) files.emplace_back("-save", *options.save);
    if (options.resume) files.emplace_back("-resume", *options.resume);
    if (options.totals) files.emplace_back("-totals", *options.totals);
    if (options.pubout) files.emplace_back("-pubout", *options.pubout);
    if (options.certs_out) files.emplace_back("-certs_out", *options.certs_out);
    for (std::size_t i = 0; i < files.size(); ++i)
        for (std::size_t j = i + 1; j < files.size(); ++j)
            if (same_file(files[i].second, files[j].second))
                return Outcome::fail(complaint("Cannot write " + std::string(files[j].first) + " to " +
                                               (files[j].second == "-" ? "stdout" : quoted(files[j].second)) +
                                               ", which is taken by " + std::string(files[i].first) +
                                               (files[i].second == "-" ? "; add -noout or -out" : "")));
    return Outcome::pass();
}

Result<Options> finish(Options options) {
    if (options.help) return options;
    for (const auto check : {check_conflicts, check_files}) {
        const auto outcome = check(options);
        if (!outcome.passed()) return complaint(outcome.detail);
    }
    return options;
}

}  // namespace

Result<Options> parse_options(std::span<const char *const> arguments) {
    Options options;
    options.arguments.assign(arguments.begin(), arguments.end());
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view argument = arguments[i];
        const auto word = split_word(argument);
        if (!word) return extra_argument(argument);
        if (argument == "--") {
            if (i + 1 < arguments.size()) return extra_argument(arguments[i + 1]);
            break;
        }
        const auto *spec = find_option(word->name);
        if (!spec) return complaint("Unknown option: " + printable(argument));
        if (already_given(options, *spec)) return complaint("Option " + dashed(*spec) + " is given twice");
        const bool wants_value = !spec->argument.empty();
        if (!wants_value && word->value) return complaint("Option " + dashed(*spec) + " does not take a value");
        if (wants_value && !word->value && i + 1 == arguments.size())
            return complaint("Option " + dashed(*spec) + " needs a value");
        const std::string_view value = !wants_value ? "" : word->value ? *word->value : arguments[++i];
        const auto stored = store(options, *spec, value);
        if (!stored.passed()) return complaint(stored.detail);
        if (options.help) break;
    }
    return finish(std::move(options));
}

std::string help_text() {
    constexpr std::size_t widest = 30;
    const auto left_side = [](const OptionSpec &spec) {
        return concat({" -", spec.name, spec.argument.empty() ? "" : " ", spec.argument});
    };
    std::size_t width = 0;
    for (const auto &spec : option_table()) {
        const auto size = is_heading(spec) ? 0 : left_side(spec).size();
        if (size <= widest) width = std::max(width, size);
    }
    std::string text = "Usage: openssl-attest [options]\n";
    for (const auto &spec : option_table()) {
        if (is_heading(spec)) {
            text += concat({"\n", spec.name, ":\n"});
            continue;
        }
        const auto left = left_side(spec);
        // An option too long for its column has its help on the next line.
        const auto gap = left.size() > width ? concat({"\n", blanks(width)}) : blanks(width - left.size());
        text += concat({left, gap, "  ", spec.help, "\n"});
    }
    return text;
}

}  // namespace mhsm::cli
