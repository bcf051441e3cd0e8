// Values that may instead be a typed failure, and the outcome of a single check.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "reason.h"

namespace mhsm {

// What went wrong: the reason, the object it was found in, and what was expected and found.
struct Failure {
    Reason reason = Reason::none;
    std::string subject;
    std::string detail;
};

// Either a value or a Failure. Accessing the wrong one throws std::bad_variant_access.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}

    bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }
    T &value() { return std::get<0>(state_); }
    T &operator*() { return value(); }
    const T &operator*() const { return value(); }
    const T &value() const { return std::get<0>(state_); }
    const Failure &failure() const { return std::get<1>(state_); }
    T *operator->() { return &value(); }
    const T *operator->() const { return &value(); }

private:
    std::variant<T, Failure> state_;
};

enum class Status { pass, fail, skip };

// What one check came to. A skip counts against the verdict unless it is `allowed`.
struct Outcome {
    Status status = Status::skip;
    bool allowed = false;
    Reason reason = Reason::earlier_check_failed;
    std::string subject;
    std::string detail;

    static Outcome pass(std::string subject = {}, std::string detail = {}) {
        return {Status::pass, true, Reason::none, std::move(subject), std::move(detail)};
    }
    static Outcome fail(Failure failure) {
        return {Status::fail, false, failure.reason, std::move(failure.subject), std::move(failure.detail)};
    }
    static Outcome fail(Reason reason, std::string subject, std::string detail) {
        return fail(Failure{reason, std::move(subject), std::move(detail)});
    }
    // Not made because something it builds on did not pass; the verdict counts it as a failure.
    static Outcome blocked(std::string detail) {
        return {Status::skip, false, Reason::earlier_check_failed, {}, std::move(detail)};
    }
    // Not made, and rightly so.
    static Outcome not_needed(Reason reason, std::string detail = {}) {
        return {Status::skip, true, reason, {}, std::move(detail)};
    }
    bool passed() const { return status == Status::pass; }
    friend bool operator==(const Outcome &, const Outcome &) = default;
};

}  // namespace mhsm
