// The report as people read it.
#pragma once

#include <string>
#include <string_view>

#include "core/report.h"
#include "options.h"
#include "style.h"

namespace mhsm::cli {

// The first line: the verdict and the key it is about, or what stands against it.
std::string render_verdict(const Report &report, const Style &style);

// -brief: one line that starts with the name of the source.
std::string render_brief(const Report &report, std::string_view source, const Style &style);

// The verdict line, the facts and the table of checks. Advice repeats the command line of `options`.
std::string render_text(const Report &report, const Options &options, const Style &style);

}  // namespace mhsm::cli
