// The HTTP servers: what they hear becomes a Request, what the service answers goes out, with faults in transport.
#pragma once

#include <memory>
#include <string>

#include "service.h"

namespace emulator {

struct Address {
    std::string host = "127.0.0.1";
    int port = 0;  // 0: any free one
};

class Servers {
public:
    Servers(Service &service, Faults &faults, Recorder &recorder, const KeyPair &identity, bool verbose);
    ~Servers();
    Servers(const Servers &) = delete;
    Servers &operator=(const Servers &) = delete;

    // Binds and serves; throws std::runtime_error if an address is taken. The ports that came of it.
    Ports start(const Address &pool, const Address &stranger, const Address &plain);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace emulator
