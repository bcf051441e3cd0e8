// Failures inside the library, and the boundary where they become C.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "include/mhsmattest-fetch.h"

namespace mhsm::fetch {

// One line, complete in itself: in which object, what was found, what to do next.
class Error : public std::exception {
public:
    Error(MHSM_FETCH_STATUS status, std::string text, int http_status = 0)
        : status_(status),
          http_status_(http_status),
          text_(std::make_shared<const std::string>(std::move(text))) {}

    MHSM_FETCH_STATUS status() const { return status_; }
    int http_status() const { return http_status_; }
    const std::string &text() const { return *text_; }
    const char *what() const noexcept override { return text_->c_str(); }

private:
    MHSM_FETCH_STATUS status_;
    int http_status_;
    std::shared_ptr<const std::string> text_;  // an exception may be copied, and that must not throw
};

// Fills in the caller's structure; text that does not fit is cut.
void fill(MHSM_FETCH_ERROR &error, MHSM_FETCH_STATUS status, int http_status, std::string_view text) noexcept;

// Runs `body` at the ABI: nothing throws out, what is thrown is told in `error` (which may be null). The caller's
// libcrypto error queue is left as it was.
MHSM_FETCH_STATUS guard(MHSM_FETCH_ERROR *error, const std::function<void()> &body) noexcept;

}  // namespace mhsm::fetch
