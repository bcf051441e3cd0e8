// The facts of a report: key, HSM, pool, dates and what the service claims.
#pragma once

#include <string>

#include "core/report.h"

namespace mhsm::cli {

// "RSA-2048", "EC P-256", "AES-256"
std::string key_words(const KeyFacts &key);

const CertificateFacts *find_role(const Report &report, std::string_view role);

// All sections of facts; facts of a report that is not verified are marked as such.
std::string render_facts(const Report &report);

}  // namespace mhsm::cli
