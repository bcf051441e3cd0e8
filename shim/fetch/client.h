// libmhsmattest-fetch.so from C++: loads it at run time and wraps its C interface (include/mhsmattest-fetch.h, which
// says what the fields mean). Links neither libcurl nor the library itself.
//
//     auto library = fetch::Library::load(fetch::library_paths("../lib/libmhsmattest-fetch.so"));
//     auto session = library->session(config);
//     auto answer = session->get("https://contoso.managedhsm.azure.net/keys/signing");
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "include/mhsmattest-fetch.h"

namespace mhsm::fetch {

// Why there is no value: one line of text, complete in itself.
struct ClientError {
    MHSM_FETCH_STATUS status = MHSM_FETCH_INTERNAL;
    int http_status = 0;  // 0: there was no answer
    std::string text;
};

// A value or a ClientError. Asking for the wrong one throws std::bad_variant_access.
template <class T>
class [[nodiscard]] Expected {
public:
    Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Expected(ClientError error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }
    T &operator*() { return std::get<0>(state_); }
    const T &operator*() const { return std::get<0>(state_); }
    T *operator->() { return &std::get<0>(state_); }
    const T *operator->() const { return &std::get<0>(state_); }
    const ClientError &error() const { return std::get<1>(state_); }

private:
    std::variant<T, ClientError> state_;
};

// Empty text, zero and -1 stand for the defaults that MHSM_FETCH_CONFIG documents.
struct ClientConfig {
    std::string auth;
    std::string token_file;
    std::vector<std::string> allowed_hosts;
    std::vector<std::string> connect_to;
    std::string ca_file;
    std::string ca_path;
    std::string api_version;
    unsigned timeout = 0;  // seconds
    int retries = -1;
    unsigned jobs = 0;
    std::function<void(std::string_view line)> log;  // may be empty
    std::function<bool()> stop;                      // may be empty; true: give up
};

struct Answer {
    std::string bytes;  // exactly as received
    std::string url;
    std::optional<std::string> tls_pool;  // see MHSM_FETCH_ANSWER
};

// One key of a pool run: an answer or an error.
struct Key {
    std::string url;
    Expected<Answer> answer;
};

// What the callbacks throw stops the run and is thrown again by Session::pool.
struct Run {
    bool all_versions = false;
    std::function<bool(const Key &key)> on_key;                            // false: stop
    std::function<bool(std::string_view url)> wanted;                      // may be empty
    std::function<void(const MHSM_FETCH_PROGRESS &progress)> on_progress;  // may be empty
};

class Handle;  // of the loaded library

// Holds connections and tokens, and keeps the library loaded. One thread at a time.
class Session {
public:
    Session(Session &&) noexcept;
    Session &operator=(Session &&) noexcept;
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;
    ~Session();

    // The attestation of https://host/keys/name[/version]. Throws only what `log` or `stop` threw, or std::bad_alloc.
    Expected<Answer> get(const std::string &url);

    // Every key of a pool, one by one to `run.on_key`. Nothing if the pool was listed to its end.
    std::optional<ClientError> pool(const std::string &pool, const Run &run);

private:
    friend class Library;
    struct State;
    explicit Session(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

class Library {
public:
    // The first of `paths` that can be loaded. A file that is there but cannot be used ends the search: its error is
    // the one to tell. Otherwise the error names every path.
    static Expected<Library> load(const std::vector<std::string> &paths);

    std::string version() const;
    Expected<Session> session(const ClientConfig &config) const;

private:
    explicit Library(std::shared_ptr<Handle> handle) : handle_(std::move(handle)) {}
    std::shared_ptr<Handle> handle_;
};

// Where to look: `relative` from the folder of the object that holds `address` (a function of the caller's; null: the
// running executable), then the bare file name, which the dynamic linker looks up.
std::vector<std::string> library_paths(std::string_view relative, const void *address = nullptr);

}  // namespace mhsm::fetch
