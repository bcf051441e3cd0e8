// The configuration, understood.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "configuration.h"
#include "core/verify.h"

namespace mhsm::pkcs11 {

// For the library that fetches evidence; empty or 0: its own default.
struct FetchSettings {
    std::string library, auth, token_file, ca_file;
    std::vector<std::string> connect_to, allow_hosts;
    unsigned timeout = 0;
};

struct CacheSettings {
    std::string folder;           // empty: nothing is kept
    std::int64_t max_age = 3600;  // seconds
};

struct Settings {
    Trust trust;
    Policy policy;
    VerificationTime time;  // none: the time when evidence is loaded
    FetchSettings fetch;
    CacheSettings cache;
    std::string log;  // a file, "stderr", or empty
};

// Throws Error, naming the setting, for one that is unknown, malformed, or names what cannot be read.
Settings understand(const Configuration &configuration, OSSL_LIB_CTX *libctx);

}  // namespace mhsm::pkcs11
