#include "options.h"

namespace mhsm::cli {
namespace {

constexpr std::int64_t last_second_of_year_9999 = 253402300799;
constexpr Number seconds_since_1970{&Options::attime, 0, last_second_of_year_9999, "number of seconds since 1970"};
constexpr Number seconds_to_wait{&Options::timeout, 1, 3600, "number of seconds from 1 to 3600"};
constexpr Number at_a_time{&Options::jobs, 1, 1024, "number from 1 to 1024"};
constexpr Number times_to_retry{&Options::retries, 0, 100, "number of retries from 0 to 100"};

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
    {"inform", "AUTO|JSON|JSONL|TAR", Choice{&Options::inform}, "Format of the evidence - default AUTO"},
    {"batch", "", &Options::batch, "Verify every entry of a stream or folder, with one line for each"},
    {"files", "", &Options::files, "The stream of -batch is a list of file names, separated by NUL or line feed"},
    {"csr", "infile", &Options::csr, "Certificate request that must hold the attested key (PEM or DER)"},
    {"cert", "infile", &Options::cert, "Certificate that must hold the attested key (PEM or DER)"},
    {"pubkey", "infile", &Options::pubkey, "Public key that must be the attested key (PEM or DER)"},

    {"Fetching options", "", Heading{}, ""},
    {"uri", "url", &Options::uri, "Fetch the evidence of this key: https://POOL/keys/NAME[/VERSION]"},
    {"pool", "name", &Options::pool, "Fetch and verify every key of this pool: a name, or https://POOL"},
    {"all_versions", "", &Options::all_versions, "Every version of every key of the pool, not only the current ones"},
    {"jobs", "uint", at_a_time, "Requests of -pool in flight - default 8; threads of -batch - default all cores"},
    {"resume", "file", &Options::resume, "Record here which keys of the pool are done, and go on after them"},
    {"save", "outfile", &Options::save, "Write the evidence exactly as received; with -pool, into this folder"},
    {"auth", "auto|token|client-secret|client-certificate|workload-identity|managed-identity|azure-cli",
     Choice{&Options::auth}, "How to authenticate - default auto: the first of these that is set up"},
    {"token_file", "infile", &Options::token_file, "Bearer token (default: the environment's MHSM_ACCESS_TOKEN)"},
    {"api_version", "val", &Options::api_version, "Version of the REST API - default 7.6"},
    {"allow_host", "host", &Options::allow_host, "Further host that may receive a token; may be repeated"},
    {"connect_to", "val", &Options::connect_to, "Connect elsewhere: HOST1:PORT1:HOST2:PORT2; may be repeated"},
    {"CAfile", "infile", &Options::ca_file, "Certificates to verify TLS servers with, instead of the system's (PEM)"},
    {"CApath", "dir", &Options::ca_path, "Folder of such certificates, as openssl rehash makes it"},
    {"timeout", "uint", seconds_to_wait, "Seconds to wait for one answer - default 30"},
    {"retries", "uint", times_to_retry, "How often to retry a request - default 4"},

    {"Output options", "", Heading{}, ""},
    {"out", "outfile", &Options::out, "Where to write the report - default stdout"},
    {"outform", "text|json|ear|csv", Choice{&Options::outform}, "Format of the report - default text"},
    {"totals", "outfile", &Options::totals, "Write the totals of -pool or -batch as JSON"},
    {"noout", "", &Options::noout, "No report"},
    {"text", "", &Options::text, "Report with all attributes and certificates"},
    {"brief", "", &Options::brief, "Report in one line"},
    {"pubout", "outfile", &Options::pubout, "Write the attested public key (PEM), only if it is verified"},
    {"certs_out", "outfile", &Options::certs_out, "Write the certificates of the evidence (PEM), for inspection only"},

    {"Validation options", "", Heading{}, ""},
    {"attime", "intmax", seconds_since_1970, "Verification epoch time - default now"},
    {"no_check_time", "", &Options::no_check_time, "Ignore the dates of certificates"},
    {"policy", "val", &Options::policy, "Policy the key must meet: a name or a file - default authentic"},
    {"require", "val", &Options::require, "Further demands on the key, separated by commas; may be repeated"},

    {"Trust options", "", Heading{}, ""},
    {"owner_trust", "any|authenticated|pinned", Choice{&Options::owner_trust},
     "How the pool root must be trusted - default authenticated"},
    {"owner_root", "infile", &Options::owner_root, "Trusted pool root certificate (PEM or DER)"},
    {"owner_pin", "val", &Options::owner_pin, "SHA-256 of a trusted pool root, as sha256:HEX; may be repeated"},
    {"known_pools", "file", &Options::known_pools, "File of pools and the SHA-256 of their roots"},
    {"trust_pool", "", &Options::trust_pool, "Record the root of the fetched pool in this file, once verified"},
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
