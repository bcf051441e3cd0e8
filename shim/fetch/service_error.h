// What the services say when they refuse, and what to do about it.
#pragma once

#include <string>

#include "core/json.h"
#include "shim/fetch/http.h"

namespace mhsm::fetch {

// The text of a member as the service gives it, made safe for a terminal and cut; "" if there is none.
std::string said(const cJSON *object, const char *member);

// The service's own words, "<code>: <message> (<inner code>)", from {"error":{"code","message","innererror":{"code"}}}
// or the {"error","error_description"} of a token endpoint. Empty if the body says nothing of the kind.
std::string service_words(ByteView body);

// An answer of a pool other than 200. `what` names the object that was asked for.
Error service_error(const Response &response, const std::string &what);

}  // namespace mhsm::fetch
