#include "handout.h"

#include <fstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "json.h"

namespace emulator {
namespace {

namespace fs = std::filesystem;

// The name appears when the contents are complete.
void write_file(const fs::path &path, const std::string &text) {
    const fs::path partial = path.string() + ".new";
    {
        std::ofstream file(partial, std::ios::binary | std::ios::trunc);
        fs::permissions(partial, fs::perms::owner_read | fs::perms::owner_write);
        file << text;
        if (!file.flush()) throw std::runtime_error("cannot write " + partial.string());
    }
    fs::rename(partial, path);
}

std::string object(const std::vector<std::pair<std::string, std::string>> &members) {
    std::string text;
    for (const auto &[name, raw] : members) text += (text.empty() ? "" : ",\n ") + forge::quoted(name) + ": " + raw;
    return "{" + text + "}";
}

std::string local_origin(const Handout &handout) {
    return "https://" + handout.pool.name() + ".localhost:" + std::to_string(handout.ports.tls);
}

std::string azure_host(const Handout &handout) { return handout.pool.name() + ".managedhsm.azure.net"; }

}  // namespace

void write_credentials(const Handout &handout, const KeyPair &authority, const KeyPair &client) {
    const fs::path &folder = handout.folder;
    write_file(folder / "ca.pem", certificate_pem(authority));
    write_file(folder / "token", handout.token + "\n");
    write_file(folder / "hsm-root.pem", handout.pool.hsm_root_pem());
    write_file(folder / "pool-root.pem", handout.pool.pool_root_pem());
    write_file(folder / "client.pem", certificate_pem(client) + private_key_pem(client));
    write_file(folder / "federated-token", handout.tokens.application().federated_token);
}

void write_summary(const Handout &handout) {
    const Application &application = handout.tokens.application();
    const auto path = [&](const char *name) { return quote_json((handout.folder / name).string()); };
    const std::string plain = "http://" + handout.imds_address + ":" + std::to_string(handout.ports.plain);
    const std::string ports = object({{"tls", std::to_string(handout.ports.tls)},
                                      {"stranger", std::to_string(handout.ports.stranger)},
                                      {"imds", std::to_string(handout.ports.plain)}});
    const std::string urls =
        object({{"local", forge::quoted(local_origin(handout))},
                {"azure", forge::quoted("https://" + azure_host(handout))},
                {"authority", forge::quoted("https://localhost:" + std::to_string(handout.ports.tls))},
                {"stranger", forge::quoted("https://stranger.localhost:" + std::to_string(handout.ports.stranger))},
                {"imds", forge::quoted(plain)},
                {"msi", forge::quoted(plain + "/msi/token")}});
    const std::string paths = object({{"ca", path("ca.pem")},
                                      {"token", path("token")},
                                      {"hsm_root", path("hsm-root.pem")},
                                      {"pool_root", path("pool-root.pem")},
                                      {"client", path("client.pem")},
                                      {"federated_token", path("federated-token")}});
    write_file(handout.folder / "emulator.json", object({{"port", std::to_string(handout.ports.tls)},
                                                         {"ports", ports},
                                                         {"urls", urls},
                                                         {"pool", forge::quoted(handout.pool.name())},
                                                         {"pin", forge::quoted(handout.pool.pin())},
                                                         {"tenant", forge::quoted(application.tenant)},
                                                         {"client_id", forge::quoted(application.client_id)},
                                                         {"client_secret", forge::quoted(application.client_secret)},
                                                         {"identity_header", forge::quoted(handout.identity_header)},
                                                         {"paths", paths}}) +
                                                     "\n");
}

std::string instructions(const Handout &handout) {
    const std::string folder = handout.folder.string(), local = local_origin(handout);
    const std::string host = local.substr(std::string("https://").size());
    const std::string port = std::to_string(handout.ports.tls), azure = azure_host(handout);
    const std::string trust = " \\\n    -CAfile " + folder + "/ca.pem -token_file " + folder +
                              "/token \\\n    -hsm_root " + folder + "/hsm-root.pem -owner_pin " + handout.pool.pin();
    const std::string connect = " -connect_to " + azure + ":443:127.0.0.1:" + port;
    return "A Managed HSM of test keys is running. Everything it signs is worthless: its private keys are public.\n\n"
           "  Pool       " +
           local + "\n  CA file    " + folder + "/ca.pem\n  Token      " + folder + "/token\n  HSM root   " + folder +
           "/hsm-root.pem\n  Pool root  " + handout.pool.pin() +
           "\n\nTo try, in another terminal:\n\n  export AZURE_AUTHORITY_HOST=https://localhost:" + port +
           "\n\n  openssl-attest -uri " + local + "/keys/rsa-2048 -allow_host " + host + trust +
           "\n\n  openssl-attest -uri https://" + azure + "/keys/ec-p256" + connect + trust +
           "\n\n  openssl-attest -pool " + local + " -allow_host " + host + trust + "\n\n  curl --cacert " + folder +
           "/ca.pem -H \"Authorization: Bearer $(cat " + folder + "/token)\" \\\n    '" + local +
           "/keys/aes-256/attestation?api-version=7.6' >saved.json\n"
           "  openssl-attest -in saved.json -hsm_root " +
           folder + "/hsm-root.pem -owner_pin " + handout.pool.pin() + "\n\nIt ends with Ctrl-C.\n";
}

}  // namespace emulator
