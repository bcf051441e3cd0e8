// Shell code for "openssl attest" and its completion.
#pragma once

#include <string_view>

namespace mhsm::cli {

// For bash, zsh or fish; empty for any other shell.
std::string_view shell_init(std::string_view shell);

}  // namespace mhsm::cli
