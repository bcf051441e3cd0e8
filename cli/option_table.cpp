#include "options.h"

namespace mhsm::cli {
namespace {

const OptionSpec table[] = {
    {"General options", "", Heading{}, ""},
    {"help", "", &Options::help, "Display this summary"},
    {"version", "", &Options::version, "Display the version of this program and of its OpenSSL library"},
    {"quiet", "", &Options::quiet, "Print no report on stdout; the exit status tells the verdict"},
    {"verbose", "", &Options::verbose, "Say on stderr what is read and trusted"},
    {"nocolor", "", &Options::nocolor, "Never use colour (NO_COLOR in the environment does the same)"},
    {"shell_init", "bash|zsh|fish", Choice{&Options::shell_init},
     "Print shell code that makes 'openssl attest' run this command"},

    {"Input options", "", Heading{}, ""},
    {"in", "infile", &Options::in, "Evidence: the attestation the service answered (default stdin)"},
    {"inform", "AUTO|JSON", Choice{&Options::inform}, "Format of the evidence - default AUTO"},
    {"csr", "infile", &Options::csr, "Certificate request that must hold the attested key (PEM or DER)"},
    {"cert", "infile", &Options::cert, "Certificate that must hold the attested key (PEM or DER)"},
    {"pubkey", "infile", &Options::pubkey, "Public key that must be the attested key (PEM or DER)"},

    {"Output options", "", Heading{}, ""},
    {"out", "outfile", &Options::out, "Where to write the report - default stdout"},
    {"outform", "text|json|ear", Choice{&Options::outform}, "Format of the report - default text"},
    {"noout", "", &Options::noout, "No report"},
    {"text", "", &Options::text, "Report with all attributes and certificates"},
    {"brief", "", &Options::brief, "Report in one line"},
    {"pubout", "outfile", &Options::pubout, "Write the attested public key (PEM), only if it is verified"},
    {"certs_out", "outfile", &Options::certs_out, "Write the certificates of the evidence (PEM), for inspection only"},

    {"Validation options", "", Heading{}, ""},
    {"attime", "intmax", &Options::attime, "Verification epoch time - default now"},
    {"no_check_time", "", &Options::no_check_time, "Ignore the dates of certificates"},
    {"policy", "val", &Options::policy, "Policy the key must meet: a name or a file - default authentic"},
    {"require", "val", &Options::require, "Further demands on the key, separated by commas; may be repeated"},

    {"Trust options", "", Heading{}, ""},
    {"owner_trust", "any|authenticated|pinned", Choice{&Options::owner_trust},
     "How the pool root must be trusted - default authenticated"},
    {"owner_root", "infile", &Options::owner_root, "Trusted pool root certificate (PEM or DER)"},
    {"owner_pin", "val", &Options::owner_pin, "SHA-256 of a trusted pool root, as sha256:HEX; may be repeated"},
    {"known_pools", "infile", &Options::known_pools, "File of pools and the SHA-256 of their roots"},
    {"hsm_root", "infile", &Options::hsm_root, "Additional trusted HSM roots (PEM or DER); may be repeated"},
    {"no_default_hsm_roots", "", &Options::no_default_hsm_roots, "Do not trust the embedded Marvell roots"},

    {"Listing options", "", Heading{}, ""},
    {"list_hsm_roots", "", &Options::list_hsm_roots, "Print the embedded Marvell roots and where they are published"},
    {"list_policies", "", &Options::list_policies, "Print the named policies"},
    {"list_demands", "", &Options::list_demands, "Print the demands that -require and policy files may make"},
};

}  // namespace

std::span<const OptionSpec> option_table() { return table; }

}  // namespace mhsm::cli
