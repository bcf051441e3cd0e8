// One session: what an application is in the middle of.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "operation.h"
#include "token.h"

namespace mhsm::pkcs11 {

// A search: everything that matched when it began, and how much of it was handed out.
struct Search {
    std::vector<CK_OBJECT_HANDLE> found;
    std::size_t next = 0;
};

struct Session {
    Session(CK_SLOT_ID slot_, CK_FLAGS flags_, const Token &token_) : slot(slot_), flags(flags_), token(token_) {}

    const CK_SLOT_ID slot;
    const CK_FLAGS flags;
    const Token &token;

    std::mutex mutex;  // for what follows
    std::optional<Search> search;
    std::unique_ptr<Verification> verification;
    std::unique_ptr<Encryption> encryption;
};

}  // namespace mhsm::pkcs11
