// Taking text apart, and making it fit for a terminal or a URL.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"

namespace mhsm::fetch {

std::vector<std::string_view> split(std::string_view text, char separator);
std::optional<unsigned> decimal(std::string_view text, unsigned most);

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
inline bool is_alphanumeric(char c) { return is_digit(c) || is_letter(c); }

// Text from outside as it may stand in one line on a terminal: printable ASCII, runs of white space as one blank, at
// most `most` characters.
std::string one_line(std::string_view text, std::size_t most = 300);

// Percent-encoded as in application/x-www-form-urlencoded, a blank as %20.
std::string percent_encoded(std::string_view text);

// A variable of the environment; nothing if it is empty, or if the process runs with raised privileges.
std::optional<std::string> environment(const char *name);

}  // namespace mhsm::fetch
