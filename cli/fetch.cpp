#include "fetch.h"

#include <cstdlib>

#include "interrupt.h"

namespace mhsm::cli {
namespace {

std::vector<std::string> library_paths() {
    const char *named = ::secure_getenv("MHSMATTEST_FETCH_LIBRARY");
    if (named != nullptr && *named == '/') return {named};
    return fetch::library_paths(MHSMATTEST_FETCH_PATH);
}

fetch::ClientConfig read_config(const Options &options) {
    fetch::ClientConfig config;
    config.auth = options.auth.value_or("");
    config.token_file = options.token_file.value_or("");
    config.ca_file = options.ca_file.value_or("");
    config.ca_path = options.ca_path.value_or("");
    config.api_version = options.api_version.value_or("");
    config.allowed_hosts = options.allow_host;
    config.connect_to = options.connect_to;
    config.timeout = static_cast<unsigned>(options.timeout.value_or(0));
    config.retries = static_cast<int>(options.retries.value_or(-1));
    config.stop = Interrupt::asked;
    if (options.verbose) config.log = [](std::string_view line) { complain(line); };
    return config;
}

}  // namespace

fetch::Expected<fetch::Session> open_session(const Options &options) {
    const auto library = fetch::Library::load(library_paths());
    if (!library) return library.error();
    return library->session(read_config(options));
}

}  // namespace mhsm::cli
