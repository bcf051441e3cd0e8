// The token of the person who is logged in with az. It is run without a shell.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <vector>

#include "core/attributes.h"
#include "shim/fetch/credential.h"
#include "support/files.h"

extern char **environ;  // NOLINT(readability-redundant-declaration): POSIX gives no header for it

namespace mhsm::fetch {
namespace {

constexpr std::size_t output_limit = std::size_t{256} << 10U;
constexpr std::chrono::seconds patience{60};
const std::string what = "az account get-access-token";

struct Pipe {
    support::Descriptor reader{-1}, writer{-1};
    bool open() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
        reader = support::Descriptor(ends[0]);
        writer = support::Descriptor(ends[1]);
        return true;
    }
};

class Actions {
public:
    Actions() { ::posix_spawn_file_actions_init(&actions_); }
    ~Actions() { ::posix_spawn_file_actions_destroy(&actions_); }
    Actions(const Actions &) = delete;
    Actions &operator=(const Actions &) = delete;
    posix_spawn_file_actions_t *get() { return &actions_; }

private:
    posix_spawn_file_actions_t actions_{};
};

struct Output {
    Bytes out, err;
    bool complete = false;
};

// Reads both pipes until they end, the time is up, or too much came.
Output read_both(const Pipe &out, const Pipe &err, const Http &http) {
    Output output;
    const auto end = std::chrono::steady_clock::now() + patience;
    std::array<pollfd, 2> polled{pollfd{out.reader.number(), POLLIN, 0}, pollfd{err.reader.number(), POLLIN, 0}};
    const std::array<Bytes *, 2> targets{&output.out, &output.err};
    while (polled[0].fd >= 0 || polled[1].fd >= 0) {
        if (std::chrono::steady_clock::now() > end || http.settings().stop()) return output;
        if (::poll(polled.data(), polled.size(), 200) < 0 && errno != EINTR) return output;
        for (std::size_t i = 0; i < polled.size(); ++i) {
            if (polled[i].fd < 0 || polled[i].revents == 0) continue;
            std::array<std::uint8_t, 4096> chunk{};
            const auto count = ::read(polled[i].fd, chunk.data(), chunk.size());
            if (count < 0 && errno == EINTR) continue;
            if (count > 0 && targets[i]->size() < output_limit)
                targets[i]->insert(targets[i]->end(), chunk.begin(), chunk.begin() + count);
            OPENSSL_cleanse(chunk.data(), chunk.size());
            if (count <= 0) polled[i].fd = -1;
        }
    }
    output.complete = true;
    return output;
}

// The exit status; -1 if it did not exit by itself, or if the host leaves no status to its children (SIGCHLD ignored).
int wait_for(pid_t child) {
    int status = 0;
    pid_t waited = 0;
    do {
        waited = ::waitpid(child, &status, 0);
    } while (waited < 0 && errno == EINTR);
    return waited == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// az speaks at length; the last line that says something is the reason.
std::string last_line(const Bytes &text) {
    std::string_view rest = as_text(text);
    std::string_view last;
    while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find('\n'));
        if (line.find_first_not_of(" \t\r") != std::string_view::npos) last = line;
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    }
    return printable(last.substr(0, 300));
}

int spawn(std::vector<std::string> &words, const Pipe &out, const Pipe &err, pid_t &child) {
    Actions actions;
    ::posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(actions.get(), out.writer.number(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(actions.get(), err.writer.number(), STDERR_FILENO);
    std::vector<char *> arguments;
    for (auto &word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    return ::posix_spawnp(&child, arguments.front(), actions.get(), nullptr, arguments.data(), environ);
}

class AzureCli final : public Credential {
public:
    Fetched<Token> get(const Wanted &wanted, Http &http) override {
        std::vector<std::string> words{"az",       "account", "get-access-token", "--resource", wanted.resource,
                                       "--output", "json"};
        if (!wanted.tenant.empty()) words.insert(words.end(), {"--tenant", wanted.tenant});
        Pipe out, err;
        pid_t child = -1;
        if (!out.open() || !err.open())
            return Error{MHSM_FETCH_CREDENTIAL_FAILED, 0, what + ": " + support::system_error(errno)};
        http.settings().log("running " + what + " --resource " + printable(wanted.resource));
        if (const int error = spawn(words, out, err, child); error != 0)
            return Error{error == ENOENT ? MHSM_FETCH_NO_CREDENTIAL : MHSM_FETCH_CREDENTIAL_FAILED, 0,
                         what + ": " + support::system_error(error)};
        out.writer.close();
        err.writer.close();
        auto output = read_both(out, err, http);
        if (!output.complete) ::kill(child, SIGKILL);
        const int status = wait_for(child);
        if (!output.complete) return Error{MHSM_FETCH_CREDENTIAL_FAILED, 0, what + ": no answer within a minute"};
        if (status != 0 && output.out.empty())
            return Error{MHSM_FETCH_CREDENTIAL_FAILED, 0,
                         what + " failed; log in with az login (it says: " + last_line(output.err) + ")"};
        return read_token_answer(output.out, what, std::time(nullptr));
    }
};

}  // namespace

CredentialPtr azure_cli_credential() { return std::make_unique<AzureCli>(); }

}  // namespace mhsm::fetch
