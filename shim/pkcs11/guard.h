// The boundary between PKCS#11 and C++: nothing throws out, and libcrypto's error queue is left as it was.
#pragma once

#include <new>
#include <utility>

#include "error.h"
#include "process.h"

namespace mhsm::pkcs11 {

// What `body` returns, or the code of what it throws.
template <class Body>
CK_RV guard(Body &&body) noexcept {
    const ErrorScope errors;
    try {
        return std::forward<Body>(body)();
    } catch (const Error &error) {
        return error.code();
    } catch (const std::bad_alloc &) {
        return CKR_HOST_MEMORY;
    } catch (...) {
        return CKR_GENERAL_ERROR;
    }
}

// The same for the entries that need C_Initialize.
template <class Body>
CK_RV with_instance(Body &&body) noexcept {
    return guard([&body] { return std::forward<Body>(body)(*current_instance()); });
}

// And for those that work on a session, one at a time.
template <class Body>
CK_RV with_session(CK_SESSION_HANDLE handle, Body &&body) noexcept {
    return with_instance([handle, &body](Instance &instance) {
        const auto session = instance.session(handle);
        const std::lock_guard lock(session->mutex);
        return std::forward<Body>(body)(instance, *session);
    });
}

}  // namespace mhsm::pkcs11
