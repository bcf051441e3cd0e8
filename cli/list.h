// What the program knows, for people to read and compare: embedded roots, policies, demands.
#pragma once

#include <string>

namespace mhsm::cli {

// PEM with the name, fingerprint, dates and publisher of every embedded root in comment lines.
std::string list_hsm_roots();
std::string list_policies();
std::string list_demands();

}  // namespace mhsm::cli
