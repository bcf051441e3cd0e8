#include "evidence_source.h"

namespace mhsm::pkcs11 {

bool is_pool(std::string_view location) { return location.starts_with("mhsm://"); }

bool gather(const NamedSource &source, const Shared &shared, const Sink &sink) {
    return is_pool(source.location) ? gather_pool(source, shared, sink) : gather_files(source, shared.log, sink);
}

}  // namespace mhsm::pkcs11
