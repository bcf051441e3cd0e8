#include "error.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "core/ossl.h"

namespace mhsm::fetch {

void fill(MHSM_FETCH_ERROR &error, MHSM_FETCH_STATUS status, int http_status, std::string_view text) noexcept {
    error.status = status;
    error.http_status = http_status;
    const auto size = std::min(text.size(), sizeof error.text - 1);
    std::memcpy(error.text, text.data(), size);
    error.text[size] = '\0';
}

MHSM_FETCH_STATUS guard(MHSM_FETCH_ERROR *error, const std::function<void()> &body) noexcept {
    const ErrorScope scope;
    MHSM_FETCH_ERROR unwanted;
    auto &told = error != nullptr ? *error : unwanted;
    try {
        body();
        return MHSM_FETCH_OK;
    } catch (const Error &failure) {
        fill(told, failure.status(), failure.http_status(), failure.text());
    } catch (const std::bad_alloc &) {
        fill(told, MHSM_FETCH_NO_MEMORY, 0, "out of memory");
    } catch (const std::exception &failure) {
        fill(told, MHSM_FETCH_INTERNAL, 0, failure.what());
    } catch (...) {
        fill(told, MHSM_FETCH_INTERNAL, 0, "unknown exception");
    }
    return told.status;
}

}  // namespace mhsm::fetch
