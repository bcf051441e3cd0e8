// The C++ face, before a stand-in for the library.
#include <stdexcept>
#include <string>

#include "shim/fetch/client.h"
#include "cmocka_cpp.h"

using namespace mhsm::fetch;

namespace {

Expected<Session> session(const ClientConfig &config = {}) { return Library::load({FAKE_LIBRARY})->session(config); }

template <class Body>
void check_throws(Body &&body) {
    try {
        body();
    } catch (const std::runtime_error &error) {
        CHECK_EQ(std::string(error.what()), "mine");
        return;
    }
    FAIL_TEST("did not throw");
}

}  // namespace

TEST(a_library_that_is_not_there) {
    const auto library = Library::load({"/nowhere/a.so", "no-such-library-anywhere.so"});
    CHECK(!library.ok());
    CHECK_CONTAINS(library.error().text, "/nowhere/a.so, no-such-library-anywhere.so");
}

TEST(a_file_that_is_no_library) {
    const auto library = Library::load({MHSM_SOURCE_DIR "/README.md", FAKE_LIBRARY});
    CHECK(!library.ok());
    CHECK_CONTAINS(library.error().text, "README.md");
}

TEST(paths_begin_beside_the_program) {
    const auto paths = library_paths("../lib/libx.so");
    CHECK_EQ(paths.size(), 2U);
    CHECK(paths[0].starts_with("/") && paths[0].ends_with("/lib/libx.so"));
    CHECK_EQ(paths[1], "libx.so");
}

TEST(answers_are_copied_with_all_their_bytes) {
    auto opened = session();
    const auto answer = opened->get("url");
    CHECK_EQ(answer->bytes, std::string("a\0b", 3));
    CHECK_EQ(answer->url, "url");
    CHECK_EQ(answer->tls_pool, std::optional<std::string>("pool"));
}

TEST(errors_keep_their_status) {
    auto opened = session();
    const auto answer = opened->get("forbidden");
    CHECK_EQ(answer.error().status, MHSM_FETCH_FORBIDDEN);
    CHECK_EQ(answer.error().http_status, 403);
    CHECK_EQ(answer.error().text, "as asked");
    ClientConfig config;
    config.auth = "bad";
    CHECK_EQ(session(config).error().status, MHSM_FETCH_BAD_PARAMETER);
}

TEST(what_callbacks_throw_comes_out_again) {
    ClientConfig config;
    config.log = [](std::string_view) { throw std::runtime_error("mine"); };
    auto logged = session(config);
    check_throws([&] { static_cast<void>(logged->get("url")); });
    auto opened = session();
    Run run;
    run.on_key = [](const Key &) -> bool { throw std::runtime_error("mine"); };
    check_throws([&] { opened->pool("pool", run); });
}

TEST(runs_choose_and_stop) {
    auto opened = session();
    std::string urls;
    Run run;
    run.wanted = [](std::string_view url) { return url != "two"; };
    run.on_key = [&](const Key &key) { return urls += key.url, !key.answer.ok(); };
    CHECK(!opened->pool("pool", run));
    CHECK_EQ(urls, "onethree");
    run.on_key = [](const Key &) { return false; };
    CHECK_EQ(opened->pool("pool", run)->status, MHSM_FETCH_STOPPED);
}
