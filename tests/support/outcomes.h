// Checks on outcomes and results of the core, and how its enums print.
#pragma once

#include "cmocka_cpp.h"
#include "core/result.h"

namespace mhsm {

inline std::string show_value(Reason reason) {
    return reason == Reason::none ? "none" : std::string(reason_id(reason));
}
inline std::string show_value(Status status) {
    return status == Status::pass ? "pass" : status == Status::fail ? "fail" : "skip";
}

namespace test {

inline std::string describe(const Outcome &outcome) {
    return show(outcome.status) + " " + show(outcome.reason) + " subject=" + show(outcome.subject) +
           " detail=" + show(outcome.detail);
}

inline Outcome to_outcome(const Outcome &outcome) { return outcome; }
inline Outcome to_outcome(const Failure &failure) { return Outcome::fail(failure); }
template <class T>
Outcome to_outcome(const Result<T> &result) {
    return result.ok() ? Outcome::pass() : Outcome::fail(result.failure());
}

inline void check_passes(const Outcome &outcome, const char *file, int line) {
    if (outcome.status != Status::pass || outcome.reason != Reason::none || !outcome.allowed)
        fail_check(file, line, "expected pass, got " + describe(outcome));
}

// `detail` must occur in the detail; an empty one demands an empty detail.
inline void check_fails(const Outcome &outcome, Reason reason, std::string_view subject, std::string_view detail,
                        const char *file, int line) {
    const bool detail_fits = detail.empty() ? outcome.detail.empty() : outcome.detail.find(detail) != std::string::npos;
    if (outcome.status != Status::fail || outcome.allowed || outcome.reason != reason || outcome.subject != subject ||
        !detail_fits)
        fail_check(file, line,
                   "expected fail " + show(reason) + " subject=" + show(subject) + " detail=" + show(detail) +
                       ", got " + describe(outcome));
}

// A skip that counts against the verdict unless `allowed`.
inline void check_skips(const Outcome &outcome, Reason reason, bool allowed, const char *file, int line) {
    if (outcome.status != Status::skip || outcome.reason != reason || outcome.allowed != allowed)
        fail_check(file, line, "expected skip " + show(reason) + ", got " + describe(outcome));
}

}  // namespace test
}  // namespace mhsm

#define CHECK_PASSES(outcome) ::mhsm::test::check_passes(::mhsm::test::to_outcome(outcome), __FILE__, __LINE__)
#define CHECK_FAILS(outcome, reason, subject, detail) \
    ::mhsm::test::check_fails(::mhsm::test::to_outcome(outcome), reason, subject, detail, __FILE__, __LINE__)
#define CHECK_SKIPS(outcome, reason, allowed) \
    ::mhsm::test::check_skips(::mhsm::test::to_outcome(outcome), reason, allowed, __FILE__, __LINE__)
