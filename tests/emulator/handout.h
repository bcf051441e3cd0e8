// The files that clients need, and the page that a person reads.
#pragma once

#include <filesystem>
#include <string>

#include "pool.h"
#include "service.h"
#include "tls.h"
#include "tokens.h"

namespace emulator {

struct Handout {
    const Pool &pool;
    const Tokens &tokens;
    Ports ports;
    std::string imds_address, identity_header;
    std::filesystem::path folder;
    std::string token;
};

// Everything that does not depend on the ports.
void write_credentials(const Handout &handout, const KeyPair &authority, const KeyPair &client);
// emulator.json: it is there when everything else is.
void write_summary(const Handout &handout);
std::string instructions(const Handout &handout);

}  // namespace emulator
