// Strict base64url (RFC 4648 section 5).
#pragma once

#include <string_view>

#include "reader.h"
#include "result.h"

namespace mhsm {

// Decodes `text`: the URL alphabet only, no white space, either no padding or the correct one, and unused
// bits of the last character zero, so that every byte string has one accepted unpadded spelling.
// Fails with field_line_breaks or field_bad_base64url; the detail names the offset.
Result<Bytes> base64url_decode(std::string_view text);

}  // namespace mhsm
