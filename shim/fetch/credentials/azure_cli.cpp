#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "credentials/credential.h"
#include "text.h"

extern char **environ;  // NOLINT(readability-redundant-declaration): not every libc declares it

namespace mhsm::fetch {
namespace {

constexpr std::size_t most_output = std::size_t{256} << 10U;
constexpr std::chrono::seconds longest_run{60};

[[noreturn]] void failed(std::string_view why) {
    throw Error(MHSM_FETCH_CREDENTIAL_FAILED, concat({"az account get-access-token: ", why}));
}

class Pipe {
public:
    Pipe() {
        if (pipe2(ends_.data(), O_CLOEXEC) != 0) failed(std::generic_category().message(errno));
    }
    ~Pipe() {
        close_reader();
        close_writer();
    }
    Pipe(const Pipe &) = delete;
    Pipe &operator=(const Pipe &) = delete;
    int reader() const { return ends_[0]; }
    int writer() const { return ends_[1]; }
    void close_reader() { close_end(ends_[0]); }
    void close_writer() { close_end(ends_[1]); }

private:
    static void close_end(int &end) {
        if (end >= 0) close(end);
        end = -1;
    }
    std::array<int, 2> ends_{-1, -1};
};

// A running child; if it is not waited for, it is ended.
class Child {
public:
    Child(const std::vector<std::string> &arguments, const Pipe &output, const Pipe &errors) {
        std::vector<char *> raw;
        raw.reserve(arguments.size() + 1);
        for (const auto &argument : arguments)
            raw.push_back(const_cast<char *>(argument.c_str()));  // NOLINT(cppcoreguidelines-pro-type-const-cast): POSIX's
        raw.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, output.writer(), STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, errors.writer(), STDERR_FILENO);
        const auto code = posix_spawnp(&process_, raw[0], &actions, nullptr, raw.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        if (code == ENOENT) throw NotAvailable("the Azure CLI (az) is not installed");
        if (code != 0) failed(std::generic_category().message(code));
    }
    ~Child() {
        if (process_ <= 0) return;
        kill(process_, SIGKILL);
        wait();
    }
    Child(const Child &) = delete;
    Child &operator=(const Child &) = delete;

    int wait() {
        int status = 0;
        while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
        }
        process_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
    }

private:
    pid_t process_ = -1;
};

struct Output {
    Secret standard;
    std::string errors;
};

// Reads from one end what is there; false at its end.
bool read_some(int end, const std::function<void(std::string_view)> &take) {
    std::vector<char, CleansingAllocator<char>> buffer(4096);
    const auto count = read(end, buffer.data(), buffer.size());
    if (count < 0) return errno == EINTR || errno == EAGAIN;
    take({buffer.data(), static_cast<std::size_t>(count)});
    return count > 0;
}

Output read_all(const Config &config, Pipe &standard, Pipe &errors) {
    Output output;
    const auto end = std::chrono::steady_clock::now() + longest_run;
    std::array<pollfd, 2> ends{{{standard.reader(), POLLIN, 0}, {errors.reader(), POLLIN, 0}}};
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
        if (config.stop()) throw Error(MHSM_FETCH_STOPPED, "stopped while waiting for az account get-access-token");
        if (std::chrono::steady_clock::now() > end) failed("no answer within 60 seconds");
        if (poll(ends.data(), ends.size(), 100) <= 0) continue;
        if (ends[0].fd >= 0 && ends[0].revents != 0 &&
            !read_some(ends[0].fd, [&](auto part) { output.standard.append(part); }))
            ends[0].fd = -1;
        if (ends[1].fd >= 0 && ends[1].revents != 0 &&
            !read_some(ends[1].fd, [&](auto part) { output.errors += part; }))
            ends[1].fd = -1;
        if (output.standard.size() + output.errors.size() > most_output) failed("it prints more than any token");
    }
    return output;
}

std::string last_line(std::string_view text) {
    text = trimmed(text);
    const auto newline = text.rfind('\n');
    return one_line(newline == std::string_view::npos ? text : text.substr(newline + 1));
}

}  // namespace

Token azure_cli_token(const Surroundings &surroundings, const Challenge &challenge) {
    const auto tenant = environment("AZURE_TENANT_ID").value_or(challenge.tenant);
    std::vector<std::string> arguments{"az",       "account", "get-access-token", "--resource", challenge.audience,
                                       "--output", "json"};
    if (is_tenant(tenant) && tenant.front() != '-') arguments.insert(arguments.end(), {"--tenant", tenant});
    Pipe standard;
    Pipe errors;
    Child child(arguments, standard, errors);
    standard.close_writer();
    errors.close_writer();
    const auto output = read_all(surroundings.config, standard, errors);
    const auto status = child.wait();
    if (status != 0)
        failed(concat({"exit status ", std::to_string(status), ": ", last_line(output.errors),
                       "; try az login --tenant ", tenant}));
    auto token = parse_token_answer(output.standard.view(), std::time(nullptr));
    if (!token) failed("the answer holds no accessToken");
    return std::move(*token);
}

}  // namespace mhsm::fetch
