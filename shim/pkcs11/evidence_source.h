// Where the evidence of a token comes from. Nothing here is verified yet.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "log.h"
#include "settings.h"

namespace mhsm::pkcs11 {

// What all tokens of a module share. Outlives them.
struct Shared {
    Settings settings;
    Log log;
    OSSL_LIB_CTX *libctx = nullptr;
};

struct RawEvidence {
    std::string name;  // of the file or the key, for the log
    Bytes json;
    std::string tls_pool;           // the pool that sent exactly these bytes over verified TLS; "" otherwise
    std::optional<KeyUrl> request;  // the key that was asked for
};
using Sink = std::function<void(const RawEvidence &)>;

// Whether `location` names a pool (mhsm://host) instead of a file.
bool is_pool(std::string_view location);

// Hands everything that the source has to `sink`, in an order that does not change. False if something could not be
// had, or was left out; the log then says what.
bool gather(const NamedSource &source, const Shared &shared, const Sink &sink);

// One file of at most 1 MiB, or the *.json files of a folder, at most `most_files`, in the order of their names.
inline constexpr std::size_t most_files = 10000;
bool gather_files(const NamedSource &source, const Log &log, const Sink &sink);

// The current version of every key of a pool.
bool gather_pool(const NamedSource &source, const Shared &shared, const Sink &sink);

}  // namespace mhsm::pkcs11
