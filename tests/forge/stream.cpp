#include "stream.h"

#include <fstream>
#include <stdexcept>
#include <vector>

#include "scene.h"

namespace forge {
namespace {

// What all keys of a pool share, signed once.
struct Pool {
    std::string name, root_sha256, bundle;
};

Pool make_pool(std::uint64_t seed) {
    Scene scene(seed, key_kind("rsa-2048"), Layout::firmware2);
    return {scene.pool, hex(sha256(issue(scene.pki.pool_root))), forge::quoted(base64url(to_bytes(bundle_pem(scene))))};
}

std::string entry(std::uint64_t seed, const Pool &pool) {
    Scene scene(seed, key_kind("rsa-2048"), Layout::firmware2);
    scene.pool = pool.name;
    scene.order.clear();
    scene.edit_answer = [&pool](Answer &answer) { answer.attestation.set("certificatePemFile", pool.bundle); };
    scene.pin_owner = false;
    scene.options.hsm_root = "not asked for";
    return render(scene);
}

void check(const std::ofstream &file, const char *name) {
    if (!file) throw std::runtime_error(std::string("cannot write ") + name);
}

}  // namespace

void write_stream(const std::filesystem::path &folder, std::uint64_t seed, std::uint64_t count, std::uint64_t pools) {
    std::vector<Pool> made;
    std::ofstream known(folder / "known-pools", std::ios::binary);
    for (std::uint64_t i = 0; i < pools; ++i) {
        made.push_back(make_pool(seed + i));
        known << made.back().name << " sha256:" << made.back().root_sha256 << '\n';
    }
    known.close();
    check(known, "known-pools");
    std::ofstream lines(folder / "entries.jsonl", std::ios::binary);
    // The seeds of keys lie beyond those of the pools.
    for (std::uint64_t i = 0; i < count; ++i) lines << entry(seed + pools + i, made[i % pools]) << '\n';
    lines.close();
    check(lines, "entries.jsonl");
}

}  // namespace forge
