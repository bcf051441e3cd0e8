// -text: everything that was signed, and all certificates.
#pragma once

#include <string>

#include "core/report.h"

namespace mhsm::cli {

// One table of attributes for each attested object.
std::string render_objects(const Report &report);

// Every certificate in words, as openssl x509 -text prints it.
std::string render_certificates(const Report &report);

// The certificates as PEM, each after a line that names its role: for -certs_out.
std::string certificates_pem(const Report &report);

// "-----BEGIN <label>-----" ....
std::string pem(const char *label, const Bytes &der);

}  // namespace mhsm::cli
