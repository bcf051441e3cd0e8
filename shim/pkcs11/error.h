// How a failure travels inside the module: as an exception, up to the guard of the entry it happened in.
#pragma once

#include <stdexcept>
#include <string>

#include "cryptoki.h"

namespace mhsm::pkcs11 {

class Error : public std::runtime_error {
public:
    explicit Error(CK_RV code, const std::string &message = {}) : std::runtime_error(message), code_(code) {}
    CK_RV code() const { return code_; }

private:
    CK_RV code_;
};

// Throws if `code` is not CKR_OK.
inline void require(CK_RV code) {
    if (code != CKR_OK) throw Error(code);
}

// CKR_ARGUMENTS_BAD unless `condition`.
inline void require_argument(bool condition) {
    if (!condition) throw Error(CKR_ARGUMENTS_BAD);
}

}  // namespace mhsm::pkcs11
