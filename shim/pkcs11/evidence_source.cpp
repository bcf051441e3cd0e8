#include "evidence_source.h"

namespace mhsm::pkcs11 {

bool is_pool(std::string_view location) { return location.starts_with("mhsm://"); }

bool gather(const NamedSource &source, const Settings & /*settings*/, const Log &log, const Sink &sink) {
    if (is_pool(source.location)) {
        log.write(source.name, "pools cannot be fetched yet");
        return false;
    }
    return gather_files(source, log, sink);
}

}  // namespace mhsm::pkcs11
