// What the configuration file and the application's string for C_Initialize say, as text.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mhsm::pkcs11 {

struct NamedSource {
    std::string name;      // of its section, or for one of the application's string, the last part of its location
    std::string location;  // /path/to/file or folder, or mhsm://host
};

struct Configuration {
    std::string file;  // where it was read; empty: nowhere
    std::map<std::string, std::string> settings;
    std::vector<NamedSource> sources;  // in the order of their names, then those of the application's string
};

// pReserved of CK_C_INITIALIZE_ARGS: name=value separated by white space; a value with white space in it stands in
// single or double quotes. Throws Error; `pairs` then has those before the mistake.
using Pairs = std::vector<std::pair<std::string, std::string>>;
void parse_reserved(std::string_view text, Pairs &pairs);
// The value of the last of this name; null if there is none.
const std::string *find_value(const Pairs &pairs, std::string_view name);

// The file that `reserved`, the environment or the user names, or else the system's; then what `reserved` says, which
// goes before it. No file at all is no error unless one was named. Throws Error.
Configuration read_configuration(const Pairs &reserved);

// $XDG_CACHE_HOME/mhsmattest-pkcs11, or the same below ~/.cache; "" if there is no home to speak of.
std::string default_cache_folder();

}  // namespace mhsm::pkcs11
