#include "shim/fetch/client.h"

#include <dlfcn.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <exception>

namespace mhsm::fetch {
namespace {

constexpr const char *file_name = "libmhsmattest-fetch.so";

const char *or_null(const std::string &text) { return text.empty() ? nullptr : text.c_str(); }

std::vector<const char *> pointers(const std::vector<std::string> &texts) {
    std::vector<const char *> list;
    list.reserve(texts.size() + 1);
    for (const auto &text : texts) list.push_back(text.c_str());
    list.push_back(nullptr);
    return list;
}

Error error_of(const MHSM_FETCH_ERROR &error) { return {error.status, error.http_status, error.text}; }

Answer copy_of(const MHSM_FETCH_ANSWER &answer) {
    return {Bytes(answer.bytes, answer.bytes + answer.size), answer.url,
            answer.tls_pool != nullptr ? answer.tls_pool : ""};
}

// Callbacks run below C code, which no exception may cross: it waits here until that code has returned.
class Deferred {
public:
    // What `function` returns, or `otherwise` if it throws or something was thrown before.
    template <class T, class Function>
    T call(T otherwise, Function function) noexcept {
        if (thrown_) return otherwise;
        try {
            return function();
        } catch (...) {
            thrown_ = std::current_exception();
            return otherwise;
        }
    }
    void rethrow() const {
        if (thrown_) std::rethrow_exception(thrown_);
    }

private:
    std::exception_ptr thrown_;
};

struct Receiver {
    Answer answer;
    Deferred deferred;
};

extern "C" void receive(void *arg, const MHSM_FETCH_ANSWER *answer) {
    auto &receiver = *static_cast<Receiver *>(arg);
    receiver.deferred.call(0, [&] {
        receiver.answer = copy_of(*answer);
        return 0;
    });
}

struct Runner {
    const Run &run;
    Deferred deferred;
};

extern "C" int run_on_key(void *arg, const MHSM_FETCH_KEY *key) {
    auto &runner = *static_cast<Runner *>(arg);
    return runner.deferred.call(0, [&] {
        Key copy;
        copy.url = key->url;
        if (key->answer != nullptr) copy.answer = copy_of(*key->answer);
        if (key->error != nullptr) copy.error = key->error->text;
        return runner.run.on_key(copy) ? 1 : 0;
    });
}

extern "C" int run_wanted(void *arg, const char *url) {
    auto &runner = *static_cast<Runner *>(arg);
    return runner.deferred.call(0, [&] { return runner.run.wanted(url) ? 1 : 0; });
}

extern "C" void run_on_progress(void *arg, const MHSM_FETCH_PROGRESS *progress) {
    auto &runner = *static_cast<Runner *>(arg);
    runner.deferred.call(0, [&] {
        runner.run.on_progress(*progress);
        return 0;
    });
}

}  // namespace

struct LoadedLibrary {
    ~LoadedLibrary() {
        if (object != nullptr) ::dlclose(object);
    }
    LoadedLibrary() = default;
    LoadedLibrary(const LoadedLibrary &) = delete;
    LoadedLibrary &operator=(const LoadedLibrary &) = delete;

    void *object = nullptr;
    const MHSM_FETCH_API *api = nullptr;
};

struct Session::State {
    ~State() { library->api->session_free(session); }
    State(std::shared_ptr<LoadedLibrary> handle, const Config &config)
        : library(std::move(handle)), log(config.log), stop(config.stop) {}
    State(const State &) = delete;
    State &operator=(const State &) = delete;

    std::shared_ptr<LoadedLibrary> library;
    std::function<void(const std::string &)> log;
    std::function<bool()> stop;
    MHSM_FETCH_SESSION *session = nullptr;
};

namespace {

// Losing a line of the log, or a request to stop, is no reason to end the program.
extern "C" void session_log(void *arg, const char *line) {
    Deferred ignored;
    const auto &log = *static_cast<std::function<void(const std::string &)> *>(arg);
    ignored.call(0, [&] {
        log(line);
        return 0;
    });
}

}  // namespace

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::Session(Session &&) noexcept = default;
Session &Session::operator=(Session &&) noexcept = default;
Session::~Session() = default;

Fetched<Answer> Session::get(const std::string &url) {
    Receiver receiver;
    MHSM_FETCH_ERROR error{};
    const auto status = state_->library->api->get(state_->session, url.c_str(), receive, &receiver, &error);
    receiver.deferred.rethrow();
    if (status != MHSM_FETCH_OK) return error_of(error);
    return std::move(receiver.answer);
}

Fetched<std::monostate> Session::pool(const std::string &pool, const Run &run) {
    Runner runner{run, {}};
    MHSM_FETCH_ERROR error{};
    MHSM_FETCH_RUN c_run{};
    c_run.size = sizeof(c_run);
    c_run.all_versions = run.all_versions ? 1 : 0;
    c_run.on_key = run_on_key;
    c_run.wanted = run.wanted ? run_wanted : nullptr;
    c_run.on_progress = run.on_progress ? run_on_progress : nullptr;
    c_run.arg = &runner;
    const auto status = state_->library->api->pool(state_->session, pool.c_str(), &c_run, &error);
    runner.deferred.rethrow();
    if (status != MHSM_FETCH_OK) return error_of(error);
    return std::monostate{};
}

Result<Library> Library::load(const std::vector<std::string> &paths) {
    std::string tried;
    for (const auto &path : paths) {
        auto handle = std::make_shared<LoadedLibrary>();
        handle->object = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (handle->object == nullptr) {
            const char *why = ::dlerror();
            tried += (tried.empty() ? "" : "; ") + std::string(why != nullptr ? why : path);
            continue;
        }
        const auto get_api = reinterpret_cast<MHSM_FETCH_GET_API_FN>(::dlsym(handle->object, MHSM_FETCH_GET_API));
        handle->api = get_api != nullptr ? get_api(MHSM_FETCH_ABI) : nullptr;
        if (handle->api != nullptr) return Library(std::move(handle));
        tried += (tried.empty() ? "" : "; ") + path + ": of another version";
    }
    return Failure{Reason::none, file_name, tried};
}

std::string Library::version() const { return loaded_->api->version; }

Fetched<Session> Library::open(const Config &config) const {
    auto state = std::make_unique<Session::State>(loaded_, config);
    const auto allowed_hosts = pointers(config.allowed_hosts);
    const auto connect_to = pointers(config.connect_to);
    MHSM_FETCH_CONFIG c_config{};
    c_config.size = sizeof(c_config);
    c_config.auth = or_null(config.auth);
    c_config.token_file = or_null(config.token_file);
    c_config.allowed_hosts = allowed_hosts.data();
    c_config.connect_to = connect_to.data();
    c_config.ca_file = or_null(config.ca_file);
    c_config.ca_path = or_null(config.ca_path);
    c_config.api_version = or_null(config.api_version);
    c_config.timeout = config.timeout;
    c_config.retries = config.retries;
    c_config.jobs = config.jobs;
    // The state does not move while the session lives, unlike the Session object.
    if (state->log)
        c_config.log = [](void *arg, const char *line) { session_log(&static_cast<Session::State *>(arg)->log, line); };
    if (state->stop) c_config.stop = [](void *arg) { return static_cast<Session::State *>(arg)->stop() ? 1 : 0; };
    c_config.arg = state.get();
    MHSM_FETCH_ERROR error{};
    if (loaded_->api->session_new(&c_config, &state->session, &error) != MHSM_FETCH_OK) return error_of(error);
    return Session(std::move(state));
}

std::vector<std::string> default_library_paths(const std::string &folder, const std::string &relative) {
    std::vector<std::string> paths;
    if (!folder.empty()) paths.push_back(folder + "/" + relative + "/" + file_name);
    paths.emplace_back(file_name);
    return paths;
}

std::string folder_of_object(const void *address) {
    Dl_info info{};
    if (::dladdr(address, &info) == 0 || info.dli_fname == nullptr) return {};
    // The name of a program is as it was called, be it found along PATH.
    std::string name = info.dli_fname;
    if (name.find('/') == std::string::npos) name = "/proc/self/exe";
    char resolved[PATH_MAX];
    if (::realpath(name.c_str(), resolved) == nullptr) return {};
    name = resolved;
    return name.substr(0, name.rfind('/'));
}

}  // namespace mhsm::fetch
