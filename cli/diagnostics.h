// What the command says on stderr, and how it shows text that came from outside.
#pragma once

#include <string>
#include <string_view>

#include "core/attributes.h"
#include "core/result.h"

namespace mhsm::cli {

// The exit status of the command: an interface, see the manual page.
enum class Exit { verified = 0, not_verified = 1, usage = 2, trouble = 3 };

// Text of the command line made safe for a terminal, in double quotes.
std::string quoted(std::string_view text);
// A word as a POSIX shell reads it back.
std::string shell_word(std::string_view text);

// A Failure as one line: the object, what is wrong, what was found, what to do.
std::string describe(const Failure &failure);

// One line on stderr, after "openssl-attest: ".
void complain(std::string_view text);

}  // namespace mhsm::cli
