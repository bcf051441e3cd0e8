// The report as JSON: docs/report.schema.json, and as an EAR (EAT Attestation Result) claims set.
#pragma once

#include <string>

#include "report.h"

namespace mhsm {

// Schema version 1, UTF-8, pretty-printed with two spaces if `pretty`, else on one line; no final newline.
std::string report_json(const Report &report, bool pretty);

// EAT Attestation Result as an unsigned JSON claims set, in the profile that today's consumers read
// (draft-fv-rats-ear, tag:github.com,2023:veraison/ear), issued at `issued_at` (Unix seconds).
std::string report_ear(const Report &report, std::int64_t issued_at, bool pretty);

}  // namespace mhsm
