#include "cmocka_cpp.h"

#include <fnmatch.h>

#include <exception>
#include <vector>

// The order of these is CMocka's requirement.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
extern "C" {
#include <cmocka.h>
}
#undef fail
#undef skip

namespace mhsm::test {
namespace {

struct Entry {
    const char *name;
    TestBody body;
};

std::vector<Entry> &entries() {
    static std::vector<Entry> all;
    return all;
}

std::vector<std::string> &contexts() {
    static std::vector<std::string> names;
    return names;
}

enum class Ending { passed, failed, skipped };
struct Ended {
    Ending ending = Ending::passed;
    const char *file = "";
    int line = 0;
};

// Runs the body and prints what went wrong. Everything with a destructor is gone when it returns.
Ended run_body(TestBody body) {
    try {
        body();
        return {};
    } catch (const CheckFailed &failed) {
        print_error("%s\n", failed.message.c_str());
        return {Ending::failed, failed.file, failed.line};
    } catch (const TestSkipped &skipped) {
        print_message("skipped: %s\n", skipped.why.c_str());
        return {Ending::skipped, __FILE__, __LINE__};
    } catch (const std::exception &exception) {
        print_error("unexpected exception: %s\n", exception.what());
    } catch (...) {
        print_error("unexpected exception of unknown type\n");
    }
    return {Ending::failed, __FILE__, __LINE__};
}

void run_entry(void **state) {
    const Ended ended = run_body(static_cast<const Entry *>(*state)->body);
    if (ended.ending == Ending::failed) _fail(ended.file, ended.line);
    if (ended.ending == Ending::skipped) _skip(ended.file, ended.line);
}

}  // namespace

Context::Context(std::string name) { contexts().push_back(std::move(name)); }
Context::~Context() { contexts().pop_back(); }

void fail_check(const char *file, int line, const std::string &message) {
    std::string text;
    for (const auto &name : contexts()) text += "[" + name + "] ";
    throw CheckFailed{text + message, file, line};
}

void skip_test(std::string why) { throw TestSkipped{std::move(why)}; }

Registration::Registration(const char *name, TestBody body) { entries().push_back({name, body}); }

}  // namespace mhsm::test

int main(int argc, char **argv) {
    std::vector<CMUnitTest> tests;
    for (auto &entry : mhsm::test::entries())
        if (argc < 2 || fnmatch(argv[1], entry.name, 0) == 0)
            tests.push_back({entry.name, mhsm::test::run_entry, nullptr, nullptr, &entry});
    if (tests.empty()) {
        print_error("no test is named %s\n", argc < 2 ? "anything" : argv[1]);
        return 2;
    }
    return _cmocka_run_group_tests(argv[0], tests.data(), tests.size(), nullptr, nullptr);
}
