// The boundary between libcrypto and C++: nothing throws out, and a failure leaves exactly one error.
#pragma once

#include <openssl/err.h>

#include <exception>
#include <new>
#include <utility>

#include "upcalls.h"

namespace mhsm::provider {

// What `body` returns, or `failure` and one entry in the error queue if it throws; whatever libcrypto raised
// meanwhile is then dropped. `function` is the entry, which stands for its lambda in errors.
template <class R, class Body>
R guard(const Upcalls &upcalls, R failure, Body &&body, const char *function = __builtin_FUNCTION()) noexcept {
    ERR_set_mark();
    try {
        R result = std::forward<Body>(body)();
        ERR_clear_last_mark();
        return result;
    } catch (const Error &error) {
        ERR_pop_to_mark();
        upcalls.raise(error, function);
    } catch (const std::bad_alloc &) {
        ERR_pop_to_mark();
        upcalls.raise_out_of_memory();
    } catch (const std::exception &exception) {
        ERR_pop_to_mark();
        upcalls.raise_internal(exception.what());
    } catch (...) {
        ERR_pop_to_mark();
        upcalls.raise_internal("unknown exception");
    }
    return failure;
}

}  // namespace mhsm::provider
