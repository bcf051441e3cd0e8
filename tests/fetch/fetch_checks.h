// Checks for code that fails by throwing an Error.
#pragma once

#include "cmocka_cpp.h"
#include "error.h"

// Whether `expression` throws an Error with this status.
#define CHECK_FETCH_ERROR(expression, expected)              \
    do {                                                     \
        bool thrown = false;                                 \
        try {                                                \
            static_cast<void>(expression);                   \
        } catch (const ::mhsm::fetch::Error &error) {        \
            thrown = true;                                   \
            CHECK_EQ(error.status(), (expected));            \
        }                                                    \
        if (!thrown) FAIL_TEST(#expression " did not fail"); \
    } while (false)
