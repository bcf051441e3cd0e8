// How a failure travels inside the provider: as an exception, up to the guard of the entry it happened in.
#pragma once

#include <string>

#include "core/report.h"

namespace mhsm::provider {

enum class ProviderReason {
#define PROVIDER_REASON(symbol, number, text, remedy) symbol = (number),
#include "provider_reasons.def"
#undef PROVIDER_REASON
};

// One entry of libcrypto's error queue to be.
struct Error {
    int number;  // of Reason or ProviderReason
    std::string data;
    const char *file;
    int line;
    const char *function;
};

// Where fail() was called from.
struct Place {
    const char *file;
    int line;
    const char *function;
    static Place here(const char *file = __builtin_FILE(), int line = __builtin_LINE(),
                      const char *function = __builtin_FUNCTION()) {
        return {file, line, function};
    }
};

// Throws an Error that reads "<what>: <detail>; <remedy>". `what` is a check id, or names the input.
[[noreturn]] void fail(Reason reason, std::string_view what, std::string_view detail, Place place = Place::here());
[[noreturn]] void fail(ProviderReason reason, std::string_view what, std::string_view detail,
                       Place place = Place::here());
[[noreturn]] void fail(std::string_view what, const Failure &failure, Place place = Place::here());

// The first obstacle of a report that is not verified.
[[noreturn]] void fail(const Report &report, Place place = Place::here());

// "<text>: <data>": for errors raised before libcrypto knows our reason strings.
std::string with_text(const Error &error);

}  // namespace mhsm::provider
