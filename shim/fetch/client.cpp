#include "client.h"

#include <dlfcn.h>

#include <exception>
#include <filesystem>
#include <system_error>

namespace mhsm::fetch {

// A loaded library; unloaded with the last session that uses it.
class Handle {
public:
    Handle(void *library, const MHSM_FETCH_API *functions) : library_(library), functions_(functions) {}
    ~Handle() { dlclose(library_); }
    Handle(const Handle &) = delete;
    Handle &operator=(const Handle &) = delete;
    const MHSM_FETCH_API &api() const { return *functions_; }

private:
    void *library_;
    const MHSM_FETCH_API *functions_;
};

namespace {

ClientError converted(const MHSM_FETCH_ERROR &error) { return {error.status, error.http_status, error.text}; }

const char *text_or_null(const std::string &text) { return text.empty() ? nullptr : text.c_str(); }

std::vector<const char *> null_terminated(const std::vector<std::string> &texts) {
    std::vector<const char *> pointers;
    pointers.reserve(texts.size() + 1);
    for (const auto &text : texts) pointers.push_back(text.c_str());
    pointers.push_back(nullptr);
    return pointers;
}

Answer converted(const MHSM_FETCH_ANSWER &answer) {
    Answer copy;
    copy.bytes.assign(reinterpret_cast<const char *>(answer.bytes), answer.size);
    copy.url = answer.url;
    if (answer.tls_pool != nullptr) copy.tls_pool = answer.tls_pool;
    return copy;
}

ClientError unusable(const std::string &path, const std::string &why) {
    return {MHSM_FETCH_INTERNAL, 0, "cannot use the fetch library " + path + ": " + why};
}

std::string dl_error() {
    const auto *text = dlerror();
    return text != nullptr ? text : "unknown error of the dynamic linker";
}

bool is_missing_file(const std::string &path) {
    std::error_code ignored;
    return path.find('/') != std::string::npos && !std::filesystem::exists(path, ignored);
}

}  // namespace

// What the C callbacks get to see: where the caller's functions are, and what they threw.
struct Session::State {
    std::shared_ptr<Handle> handle;
    MHSM_FETCH_SESSION *session = nullptr;
    std::function<void(std::string_view)> log;
    std::function<bool()> stop;
    std::exception_ptr thrown;

    explicit State(std::shared_ptr<Handle> library) : handle(std::move(library)) {}
    State(const State &) = delete;
    State &operator=(const State &) = delete;
    ~State() { handle->api().session_free(session); }

    // Runs `body`; what it throws is kept for rethrow(), and `otherwise` returned.
    template <class R, class Body>
    R contain(R otherwise, Body &&body) noexcept {
        try {
            return std::forward<Body>(body)();
        } catch (...) {
            if (!thrown) thrown = std::current_exception();
            return otherwise;
        }
    }
    void rethrow() {
        if (thrown) std::rethrow_exception(std::exchange(thrown, nullptr));
    }
};

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::Session(Session &&) noexcept = default;
Session &Session::operator=(Session &&) noexcept = default;
Session::~Session() = default;

Expected<Library> Library::load(const std::vector<std::string> &paths) {
    std::string tried;
    for (const auto &path : paths) {
        if (!tried.empty()) tried += ", ";
        tried += path;
        if (is_missing_file(path)) continue;
        void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr) {
            const auto why = dl_error();
            if (path.find('/') == std::string::npos && why.find("No such file") != std::string::npos) continue;
            return unusable(path, why);
        }
        const auto entry = reinterpret_cast<MHSM_FETCH_GET_API_FN>(dlsym(library, MHSM_FETCH_GET_API));
        const auto *functions = entry != nullptr ? entry(MHSM_FETCH_ABI) : nullptr;
        if (functions == nullptr) {
            dlclose(library);
            return unusable(path, "it does not offer interface version " + std::to_string(MHSM_FETCH_ABI) +
                                      "; install the one that belongs to this program");
        }
        return Library(std::make_shared<Handle>(library, functions));
    }
    return ClientError{
        MHSM_FETCH_INTERNAL, 0,
        "the fetch library is not installed (looked for " + tried + "); it is needed for the network only"};
}

std::string Library::version() const { return handle_->api().version; }

Expected<Session> Library::session(const ClientConfig &config) const {
    auto state = std::make_unique<Session::State>(handle_);
    state->log = config.log;
    state->stop = config.stop;
    const auto allowed_hosts = null_terminated(config.allowed_hosts);
    const auto connect_to = null_terminated(config.connect_to);
    MHSM_FETCH_CONFIG raw{};
    raw.size = sizeof raw;
    raw.auth = text_or_null(config.auth);
    raw.token_file = text_or_null(config.token_file);
    raw.allowed_hosts = allowed_hosts.data();
    raw.connect_to = connect_to.data();
    raw.ca_file = text_or_null(config.ca_file);
    raw.ca_path = text_or_null(config.ca_path);
    raw.api_version = text_or_null(config.api_version);
    raw.timeout = config.timeout;
    raw.retries = config.retries;
    raw.jobs = config.jobs;
    raw.arg = state.get();
    if (state->log)
        raw.log = [](void *arg, const char *line) {
            auto &self = *static_cast<Session::State *>(arg);
            self.contain(0, [&] { return self.log(line), 0; });
        };
    // Always there: an exception of a callback stops the library too.
    raw.stop = [](void *arg) {
        auto &self = *static_cast<Session::State *>(arg);
        if (self.thrown) return 1;
        return self.contain(1, [&] { return self.stop && self.stop() ? 1 : 0; });
    };
    MHSM_FETCH_ERROR error{};
    const auto status = handle_->api().session_new(&raw, &state->session, &error);
    state->rethrow();
    if (status != MHSM_FETCH_OK) return converted(error);
    return Session(std::move(state));
}

Expected<Answer> Session::get(const std::string &url) {
    struct Receiver {
        State *state;
        std::optional<Answer> answer;
    } receiver{state_.get(), {}};
    MHSM_FETCH_ERROR error{};
    const auto status = state_->handle->api().get(
        state_->session, url.c_str(),
        [](void *arg, const MHSM_FETCH_ANSWER *answer) {
            auto &self = *static_cast<Receiver *>(arg);
            self.state->contain(0, [&] { return self.answer = converted(*answer), 0; });
        },
        &receiver, &error);
    state_->rethrow();
    if (status != MHSM_FETCH_OK) return converted(error);
    if (!receiver.answer) return ClientError{MHSM_FETCH_INTERNAL, 0, "the fetch library gave no answer for " + url};
    return std::move(*receiver.answer);
}

std::optional<ClientError> Session::pool(const std::string &pool, const Run &run) {
    struct Caller {
        State *state;
        const Run *run;
    } caller{state_.get(), &run};
    MHSM_FETCH_RUN raw{};
    raw.size = sizeof raw;
    raw.all_versions = run.all_versions ? 1 : 0;
    raw.arg = &caller;
    raw.on_key = [](void *arg, const MHSM_FETCH_KEY *key) {
        auto &self = *static_cast<Caller *>(arg);
        return self.state->contain(0, [&] {
            auto answer = key->answer != nullptr ? Expected<Answer>(converted(*key->answer))
                                                 : Expected<Answer>(converted(*key->error));
            return self.run->on_key(Key{key->url, std::move(answer)}) ? 1 : 0;
        });
    };
    if (run.wanted)
        raw.wanted = [](void *arg, const char *url) {
            auto &self = *static_cast<Caller *>(arg);
            return self.state->contain(0, [&] { return self.run->wanted(url) ? 1 : 0; });
        };
    if (run.on_progress)
        raw.on_progress = [](void *arg, const MHSM_FETCH_PROGRESS *progress) {
            auto &self = *static_cast<Caller *>(arg);
            self.state->contain(0, [&] { return self.run->on_progress(*progress), 0; });
        };
    MHSM_FETCH_ERROR error{};
    const auto status = state_->handle->api().pool(state_->session, pool.c_str(), &raw, &error);
    state_->rethrow();
    if (status != MHSM_FETCH_OK) return converted(error);
    return std::nullopt;
}

std::vector<std::string> library_paths(std::string_view relative, const void *address) {
    namespace fs = std::filesystem;
    std::error_code failed;
    fs::path object;
    Dl_info info{};
    if (address == nullptr)
        object = fs::read_symlink("/proc/self/exe", failed);
    else if (dladdr(address, &info) != 0 && info.dli_fname != nullptr)
        object = fs::canonical(info.dli_fname, failed);
    std::vector<std::string> paths;
    if (!failed && !object.empty()) paths.push_back((object.parent_path() / relative).lexically_normal().string());
    paths.push_back(fs::path(relative).filename().string());
    return paths;
}

}  // namespace mhsm::fetch
