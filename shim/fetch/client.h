// The fetch library as C++: loads it when it is needed, and keeps its C interface (mhsmattest-fetch.h) from the
// callers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/reader.h"
#include "core/result.h"
#include "shim/fetch/error.h"

namespace mhsm::fetch {

// As MHSM_FETCH_CONFIG, which says what each means; what is empty is the library's default.
struct Config {
    std::string auth, token_file, ca_file, ca_path, api_version;
    std::vector<std::string> allowed_hosts, connect_to;
    unsigned timeout = 0;  // seconds
    int retries = -1;
    unsigned jobs = 0;
    std::function<void(const std::string &line)> log;
    std::function<bool()> stop;
};

struct Answer {
    Bytes bytes;  // exactly as received
    std::string url;
    std::string tls_pool;  // see MHSM_FETCH_ANSWER; empty if nothing vouches for the pool
};

struct Key {
    std::string url;
    Answer answer;      // empty if it could not be fetched,
    std::string error;  // and then why
};

// A run over a pool. What a callback throws ends the run and comes out of it.
struct Run {
    bool all_versions = false;
    std::function<bool(const Key &)> on_key;             // false ends the run
    std::function<bool(const std::string &url)> wanted;  // empty: all are
    std::function<void(const MHSM_FETCH_PROGRESS &)> on_progress;
};

struct LoadedLibrary;

class Session {
public:
    Session(Session &&) noexcept;
    Session &operator=(Session &&) noexcept;
    ~Session();

    Fetched<Answer> get(const std::string &url);
    // Nothing is returned but whether the pool was listed to its end.
    Fetched<std::monostate> pool(const std::string &pool, const Run &run);

private:
    friend class Library;
    struct State;
    explicit Session(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// The loaded library. It is unloaded when this object and the last session have gone.
class Library {
public:
    // Loads the first of `paths` that exists. A path without a slash is looked for as the system looks for libraries.
    // A Failure tells in `detail` what was tried.
    static Result<Library> load(const std::vector<std::string> &paths);

    Fetched<Session> open(const Config &config) const;
    std::string version() const;

private:
    explicit Library(std::shared_ptr<LoadedLibrary> loaded) : loaded_(std::move(loaded)) {}
    std::shared_ptr<LoadedLibrary> loaded_;
};

// Where the library is expected: at `relative` to `folder`, where it was installed together with the program in that
// folder, and then wherever the system looks.
std::vector<std::string> default_library_paths(const std::string &folder, const std::string &relative);

// The folder of the program or shared object that holds `address`; empty if that is not known.
std::string folder_of_object(const void *address);

}  // namespace mhsm::fetch
