// A thin C++ face for CMocka. A failed check throws; the runner catches it and tells CMocka only after every
// destructor has run, because CMocka itself leaves a test with longjmp. cmocka.h stays out of this header: its
// macros `fail` and `skip` would break any C++ that follows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace mhsm::test {

// What a failed check throws. Deliberately not a std::exception, so that no code under test can swallow it.
struct CheckFailed {
    std::string message;
    const char *file;
    int line;
};

// What a test throws whose input is not there.
struct TestSkipped {
    std::string why;
};

// Names the row of a table while it is checked; failure messages begin with it.
class Context {
public:
    explicit Context(std::string name);
    ~Context();
    Context(const Context &) = delete;
    Context &operator=(const Context &) = delete;
};

[[noreturn]] void fail_check(const char *file, int line, const std::string &message);
[[noreturn]] void skip_test(std::string why);

using TestBody = void (*)();

// Adds a test to the program; main() runs all of them, or those that match the pattern in its first argument.
class Registration {
public:
    Registration(const char *name, TestBody body);
};

template <class T>
std::string show(const T &value) {
    if constexpr (requires { show_value(value); })
        return show_value(value);
    else if constexpr (std::is_same_v<T, bool>)
        return value ? "true" : "false";
    else if constexpr (std::is_enum_v<T>)
        return std::to_string(static_cast<std::int64_t>(value));
    else if constexpr (std::is_convertible_v<const T &, std::string_view>)
        return "\"" + std::string(std::string_view(value)) + "\"";
    else if constexpr (std::is_arithmetic_v<T>)
        return std::to_string(value);
    else
        return "a value that has no printed form";
}

template <class T>
std::string show(const std::optional<T> &value) {
    return value ? show(*value) : "no value";
}

template <class A, class B>
bool equal(const A &a, const B &b) {
    if constexpr (std::is_integral_v<A> && std::is_integral_v<B> && !std::is_same_v<A, bool> &&
                  !std::is_same_v<B, bool>)
        return std::cmp_equal(a, b);
    else if constexpr (std::is_convertible_v<const A &, std::string_view> &&
                       std::is_convertible_v<const B &, std::string_view>)
        return std::string_view(a) == std::string_view(b);
    else
        return a == b;
}

template <class A, class B>
void check_equal(const A &a, const B &b, const char *expression, const char *file, int line) {
    if (!equal(a, b)) fail_check(file, line, std::string(expression) + ": " + show(a) + " is not " + show(b));
}

inline void check_contains(std::string_view text, std::string_view part, const char *file, int line) {
    if (text.find(part) == std::string_view::npos)
        fail_check(file, line, show(text) + " does not contain " + show(part));
}

}  // namespace mhsm::test

#define CHECK(condition) \
    (static_cast<bool>(condition) ? static_cast<void>(0) : ::mhsm::test::fail_check(__FILE__, __LINE__, #condition))
#define CHECK_EQ(a, b) ::mhsm::test::check_equal((a), (b), #a " == " #b, __FILE__, __LINE__)
#define CHECK_CONTAINS(text, part) ::mhsm::test::check_contains((text), (part), __FILE__, __LINE__)
#define FAIL_TEST(message) ::mhsm::test::fail_check(__FILE__, __LINE__, (message))

#define TEST(name)                                                        \
    static void name();                                                   \
    static const ::mhsm::test::Registration register_##name{#name, name}; \
    static void name()
