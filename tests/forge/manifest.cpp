#include "manifest.h"

#include <cjson/cJSON.h>

#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

namespace forge {
namespace {

struct Delete {
    void operator()(cJSON *item) const { cJSON_Delete(item); }
    void operator()(char *text) const { cJSON_free(text); }
};
using JsonPtr = std::unique_ptr<cJSON, Delete>;
using TextPtr = std::unique_ptr<char, Delete>;

void write_file(const std::filesystem::path &path, const std::string &contents) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(contents.data(), static_cast<std::streamsize>(contents.size()));
    if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

void add_text(cJSON *object, const char *name, const std::string &text) {
    cJSON_AddStringToObject(object, name, text.c_str());
}

void add_text_if_any(cJSON *object, const char *name, const std::string &text) {
    if (!text.empty()) add_text(object, name, text);
}

// Known pools as the file that the command reads.
std::string known_pools_text(const Options &options) {
    std::string text;
    for (const auto &[pool, root] : options.known_pools) text.append(pool).append(" sha256:").append(root).append("\n");
    return text;
}

class Writer {
public:
    Writer(std::filesystem::path folder, std::string default_root)
        : folder_(std::move(folder)), default_root_(std::move(default_root)) {}

    JsonPtr write(const Case &made) const {
        write_file(folder_ / (made.name + ".json"), made.evidence);
        JsonPtr entry(cJSON_CreateObject());
        add_text(entry.get(), "name", made.name);
        add_text(entry.get(), "description", made.description);
        add_text(entry.get(), "file", made.name + ".json");
        cJSON_AddBoolToObject(entry.get(), "verifies", made.verifies ? 1 : 0);
        add_text_if_any(entry.get(), "check", made.check);
        add_text_if_any(entry.get(), "reason", made.reason);
        cJSON *also = cJSON_AddArrayToObject(entry.get(), "also");
        for (const auto &check : made.also) cJSON_AddItemToArray(also, cJSON_CreateString(check.c_str()));
        write_options(cJSON_AddObjectToObject(entry.get(), "options"), made);
        return entry;
    }

private:
    void write_options(cJSON *target, const Case &made) const {
        const Options &options = made.options;
        add_text(target, "policy", options.policy);
        add_text_if_any(target, "require", options.require);
        add_text(target, "owner_trust", options.owner_trust);
        cJSON *pins = cJSON_AddArrayToObject(target, "owner_pins");
        for (const auto &pin : options.owner_pins)
            cJSON_AddItemToArray(pins, cJSON_CreateString(("sha256:" + pin).c_str()));
        add_text_if_any(target, "tls_pool", options.tls_pool);
        add_text_if_any(target, "request", options.request);
        if (options.time)
            cJSON_AddNumberToObject(target, "attime", static_cast<double>(*options.time));
        else
            cJSON_AddTrueToObject(target, "no_check_time");
        if (options.hsm_root == default_root_)
            add_text(target, "hsm_root", "hsm-root.pem");
        else
            add_file(target, "hsm_root", made.name + ".hsm-root.pem", options.hsm_root);
        if (!options.known_pools.empty())
            add_file(target, "known_pools", made.name + ".known-pools", known_pools_text(options));
        if (options.csr) add_file(target, "csr", made.name + ".csr", *options.csr);
        if (options.certificate) add_file(target, "cert", made.name + ".crt", *options.certificate);
        if (options.public_key) add_file(target, "pubkey", made.name + ".pub", *options.public_key);
    }

    void add_file(cJSON *target, const char *option, const std::string &name, const std::string &contents) const {
        write_file(folder_ / name, contents);
        add_text(target, option, name);
    }

    std::filesystem::path folder_;
    std::string default_root_;
};

}  // namespace

void write_anchors(const std::filesystem::path &folder, std::uint64_t seed) {
    const Anchors trusted = anchors(seed);
    write_file(folder / "hsm-root.pem", trusted.hsm_root);
    write_file(folder / "pool-root.pem", trusted.pool_root);
}

void write_cases(const std::filesystem::path &folder, std::uint64_t seed, const std::vector<Case> &cases) {
    const Anchors trusted = anchors(seed);
    const Writer writer(folder, trusted.hsm_root);
    const JsonPtr manifest(cJSON_CreateObject());
    add_text(manifest.get(), "seed", std::to_string(seed));
    add_text(manifest.get(), "pool", trusted.pool);
    add_text(manifest.get(), "pool_root_sha256", trusted.pool_root_sha256);
    cJSON *list = cJSON_AddArrayToObject(manifest.get(), "cases");
    for (const auto &made : cases) cJSON_AddItemToArray(list, writer.write(made).release());
    const TextPtr text(cJSON_Print(manifest.get()));
    if (!text) throw std::runtime_error("out of memory");
    write_file(folder / "manifest.json", std::string(text.get()) + "\n");
}

}  // namespace forge
