// mhsm-emulator: a Managed HSM on loopback, for tests and for people without one.
#include <openssl/rand.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <exception>
#include <filesystem>
#include <iostream>

#include "handout.h"
#include "options.h"
#include "server.h"

namespace {

namespace fs = std::filesystem;
using emulator::Options;

constexpr int exit_ok = 0, exit_failed = 1, exit_usage = 2;

std::string random_hex(std::size_t bytes) {
    forge::Bytes random(bytes);
    forge::require(RAND_bytes(random.data(), static_cast<int>(bytes)) == 1, "random bytes");
    return forge::hex(random);
}

// Of the form of a UUID.
std::string identifier(std::uint64_t seed, const char *label) {
    std::string text = forge::hex(forge::derived(seed, label, 16));
    for (const std::size_t dash : {8U, 13U, 18U, 23U}) text.insert(dash, "-");
    return text;
}

// The folder of the handout; a temporary one is removed at the end.
class Folder {
public:
    explicit Folder(const std::string &given) : temporary_(given.empty()), path_(given) {
        if (temporary_) {
            std::string name = (fs::temp_directory_path() / "mhsm-emulator-XXXXXX").string();
            if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
            path_ = name;
        } else {
            fs::create_directories(path_);
            path_ = fs::absolute(path_);
            fs::remove(path_ / "emulator.json");
        }
    }
    ~Folder() {
        std::error_code ignored;
        if (temporary_) fs::remove_all(path_, ignored);
    }
    Folder(const Folder &) = delete;
    Folder &operator=(const Folder &) = delete;
    const fs::path &path() const { return path_; }

private:
    bool temporary_;
    fs::path path_;
};

// SIGINT and SIGTERM wait here; every thread inherits that they are blocked.
int block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &signals, SFD_CLOEXEC);
}

void wait_for_end(int signals, bool until_eof) {
    std::array<pollfd, 2> ends = {pollfd{signals, POLLIN, 0}, pollfd{until_eof ? STDIN_FILENO : -1, POLLIN, 0}};
    for (;;) {
        if (poll(ends.data(), ends.size(), -1) < 0 || ends[0].revents != 0) return;
        std::array<char, 512> ignored{};
        if (ends[1].revents != 0 && read(STDIN_FILENO, ignored.data(), ignored.size()) <= 0) return;
    }
}

// Clients take no wildcard for all of a top-level domain, so that each name under localhost is there by itself.
std::vector<std::string> server_names(const std::string &pool) {
    std::vector<std::string> names{"localhost", "*.localhost", pool + ".localhost", "stranger.localhost"};
    for (const auto &cloud : emulator::clouds) {
        names.push_back(pool + "." + std::string(cloud.domain));
        names.emplace_back(cloud.sign_in);
    }
    return names;
}

std::vector<std::string> audiences(const std::string &pool) {
    std::vector<std::string> urls{"https://" + pool + ".localhost", "https://stranger.localhost"};
    for (const auto &cloud : emulator::clouds) urls.push_back("https://" + std::string(cloud.domain));
    return urls;
}

void run(const Options &options, int signals) {
    const Folder folder(options.folder);
    emulator::Faults faults(options.seed);
    for (const auto &spec : options.faults) faults.add(emulator::parse_fault(spec));
    const emulator::KeyPair authority = emulator::make_authority();
    const emulator::KeyPair server = emulator::make_server(authority, server_names(options.pool));
    emulator::KeyPair client = emulator::make_client();
    X509_up_ref(client.certificate.get());
    constexpr std::size_t secret_bytes = 20;
    const emulator::Tokens tokens({identifier(options.seed, "tenant"), identifier(options.seed, "client"),
                                   random_hex(secret_bytes), random_hex(secret_bytes), audiences(options.pool),
                                   emulator::X509Handle(client.certificate.get())});
    const emulator::Pool pool(options.pool, options.seed, options.keys);
    emulator::Recorder recorder;
    emulator::Service service(pool, tokens, faults, recorder);
    const std::string identity_header = random_hex(secret_bytes);
    service.set_identity_header(identity_header);
    emulator::Servers servers(service, faults, recorder, server, options.verbose);
    const emulator::Ports ports = servers.start({"127.0.0.1", options.port}, {"127.0.0.1", options.stranger_port},
                                                {options.imds_address, options.imds_port});
    const emulator::Handout handout{
        pool, tokens, ports, options.imds_address, identity_header, folder.path(), tokens.for_people()};
    emulator::write_credentials(handout, authority, client);
    emulator::write_summary(handout);
    std::cout << emulator::instructions(handout) << std::flush;
    wait_for_end(signals, options.until_eof);
}

}  // namespace

int main(int argc, char **argv) {
    try {
        const Options options = emulator::parse_options(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
        if (options.help) {
            std::cout << emulator::usage;
            return exit_ok;
        }
        run(options, block_signals());
        return exit_ok;
    } catch (const emulator::UsageError &error) {
        std::cerr << "mhsm-emulator: " << error.what() << " (see mhsm-emulator -help)\n";
        return exit_usage;
    } catch (const std::exception &error) {
        std::cerr << "mhsm-emulator: " << error.what() << "\n";
        return exit_failed;
    }
}
