// What goes wrong on the way to the service, and values that may be such a failure instead.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "shim/fetch/include/mhsmattest-fetch.h"

namespace mhsm::fetch {

struct Error {
    MHSM_FETCH_STATUS status = MHSM_FETCH_INTERNAL;
    int http_status = 0;  // 0: there was no answer
    std::string text;     // one line: in which object, what was found, what to do next
};

template <class T>
class [[nodiscard]] Fetched {
public:
    Fetched(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Fetched(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
    explicit operator bool() const { return state_.index() == 0; }
    T &operator*() { return std::get<0>(state_); }
    const T &operator*() const { return std::get<0>(state_); }
    T *operator->() { return &std::get<0>(state_); }
    const T *operator->() const { return &std::get<0>(state_); }
    const Error &error() const { return std::get<1>(state_); }

private:
    std::variant<T, Error> state_;
};

}  // namespace mhsm::fetch
