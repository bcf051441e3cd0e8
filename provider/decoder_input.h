// What a decoder is offered: mostly other people's bytes.
#pragma once

#include <memory>

#include "files.h"
#include "upcalls.h"

namespace mhsm::provider {

// The text if it can be our evidence; null for everything else, with the BIO put back where it was. Nothing is
// read beyond the first byte (after white space and a byte order mark) that is not '{'. Text that does not
// end within stream_limit is cut off one byte after it.
std::unique_ptr<Sensitive> read_evidence(const Upcalls &upcalls, OSSL_CORE_BIO *bio);

}  // namespace mhsm::provider
