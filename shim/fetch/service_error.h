// What a service says about its refusal, fit for one line of a terminal.
#pragma once

#include <string>
#include <string_view>

#include "error.h"
#include "http.h"

namespace mhsm::fetch {

// "Code (InnerCode): message" of {"error":{"code","message","innererror":{"code"}}}, or of the token endpoint's
// {"error","error_description"}. Empty if the body is neither.
std::string service_message(std::string_view body);

// The error of an answer to `line` ("GET https://...") that is not 200 and not 401, with what to do.
Error service_failure(const std::string &line, const Response &response);

}  // namespace mhsm::fetch
