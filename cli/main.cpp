// openssl-attest: verifies the key attestation of Azure Managed HSM.
#include <csignal>
#include <cstdlib>
#include <new>

#include "output.h"
#include "run.h"

using namespace mhsm::cli;

namespace {

Exit attest(int argc, char **argv) {
    const auto count = argc > 0 ? static_cast<std::size_t>(argc) - 1 : 0;
    const auto options = parse_options({argv + (argc > 0 ? 1 : 0), count});
    if (options) return run(options.value());
    complain(options.failure().detail);
    complain("Use -help for summary.");
    return Exit::usage;
}

}  // namespace

int main(int argc, char **argv) {
    secure_standard_descriptors();
    // A closed pipe is then an error of write(2) like any other.
    static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
    try {
        return static_cast<int>(attest(argc, argv));
    } catch (const std::bad_alloc &) {
        // No string can be made here. Nor can destructors of libraries run: where one touches a thread's own data, glibc
        // ends the process with a status of its own.
        write_stderr("openssl-attest: Out of memory\n");
        std::_Exit(static_cast<int>(Exit::trouble));
    }
}
