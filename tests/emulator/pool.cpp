#include "pool.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>

namespace emulator {
namespace {

std::string attributes_json(const forge::Answer &answer) { return answer.attributes.text(); }

void make_exportable(forge::Scene &scene) {
    scene.private_object.set(forge::cka::extractable, {1});
    scene.private_object.set(forge::cka::never_extractable, {0});
}

std::string encoded(const forge::Scene &scene, const forge::SignedBlob &blob) {
    return forge::base64url(forge::blob_bytes(scene, blob));
}

// Runs `task` for 0 to count - 1 on all cores; rethrows what one of them threw.
template <class Task>
void on_all_cores(std::size_t count, const Task &task) {
    std::atomic<std::size_t> next{0};
    const std::size_t workers = std::max(1U, std::thread::hardware_concurrency());
    std::vector<std::exception_ptr> errors(workers);
    std::vector<std::thread> threads;
    for (auto &error : errors) {
        threads.emplace_back([&] {
            try {
                for (std::size_t i = next++; i < count; i = next++) task(i);
            } catch (...) {
                error = std::current_exception();
            }
        });
    }
    for (auto &thread : threads) thread.join();
    for (const auto &error : errors)
        if (error) std::rethrow_exception(error);
}

}  // namespace

// One version of one key that is to be made.
struct Pool::Plan {
    std::size_t key, version;
    bool exportable;
};

const KeyVersion *PoolKey::find(std::string_view version) const {
    if (version.empty()) return &versions.back();
    for (const auto &candidate : versions)
        if (candidate.version == version) return &candidate;
    return nullptr;
}

Pool::Pool(std::string name, std::uint64_t seed, std::size_t count) : name_(std::move(name)) {
    mint(plan_keys(seed, count));
    for (std::size_t i = 0; i < keys_.size(); ++i) by_name_.emplace(keys_[i].name, i);
    const forge::Pki &pki = kinds_.front().scene.pki;
    const forge::Bytes root = forge::issue(pki.pool_root);
    hsm_root_pem_ = forge::pem("CERTIFICATE", forge::issue(pki.root));
    pool_root_pem_ = forge::pem("CERTIFICATE", root);
    pin_ = "sha256:" + forge::hex(forge::sha256(root));
}

std::size_t Pool::add_kind(std::string_view name, std::uint64_t seed, bool exportable) {
    Kind kind{forge::Scene(seed, forge::key_kind(name), forge::Layout::firmware2), {}};
    kind.scene.set_pool(name_);
    forge::Scene sample = kind.scene;
    sample.edit_answer = [&](forge::Answer &made) {
        if (exportable) made.attributes.set("exportable", "true");
        kind.answer = made;
    };
    forge::render(sample);
    kinds_.push_back(std::move(kind));
    return kinds_.size() - 1;
}

std::vector<Pool::Plan> Pool::plan_keys(std::uint64_t seed, std::size_t count) {
    std::vector<Plan> plans;
    const auto add = [&](const std::string &name, std::size_t kind, std::size_t versions, bool exportable) {
        PoolKey key{name, kind, name == "forbidden", {}};
        for (std::size_t i = 0; i < versions; ++i) {
            const std::string label = "version " + std::to_string(i) + " of " + name;
            key.versions.push_back({forge::hex(forge::derived(seed, label, 16)), "", ""});
            plans.push_back({keys_.size(), i, exportable});
        }
        keys_.push_back(std::move(key));
    };
    for (const auto &kind : forge::key_kinds()) {
        const std::string name(kind.name);
        const std::size_t index = add_kind(name, seed, false);
        std::string key_name = name;
        if (kind.family == forge::Family::ec) key_name = "ec-p" + name.substr(name.rfind('-') + 1);
        add(key_name, index, 1, false);
    }
    const std::size_t all_kinds = kinds_.size();
    add("two-versions", 0, 2, false);
    add("forbidden", 0, 1, false);
    add("exportable", add_kind("rsa-2048", seed, true), 1, true);
    constexpr std::size_t digits = 5;
    for (std::size_t i = 1; i <= count; ++i) {
        const std::string number = std::to_string(i);
        add("key-" + std::string(digits - number.size(), '0') + number, i % all_kinds, 1, false);
    }
    return plans;
}

void Pool::mint(const std::vector<Plan> &plans) {
    on_all_cores(plans.size(), [&](std::size_t i) {
        const Plan &plan = plans[i];
        PoolKey &key = keys_[plan.key];
        KeyVersion &version = key.versions[plan.version];
        forge::Scene scene = kinds_[key.kind].scene;
        scene.set_key(key.name, version.version);
        if (plan.exportable) make_exportable(scene);
        version.private_blob = encoded(scene, scene.private_blob);
        if (scene.public_object) version.public_blob = encoded(scene, scene.public_blob);
    });
}

const PoolKey *Pool::find(std::string_view key) const {
    const auto found = by_name_.find(key);
    return found == by_name_.end() ? nullptr : &keys_[found->second];
}

forge::Answer Pool::answer(const std::string &origin, const PoolKey &key, const KeyVersion &version) const {
    forge::Answer made = kinds_[key.kind].answer;
    made.key.set("kid", forge::quoted(origin + "/keys/" + key.name + "/" + version.version));
    return made;
}

std::string Pool::key_json(const std::string &origin, const PoolKey &key, const KeyVersion &version) const {
    const forge::Answer made = answer(origin, key, version);
    return "{\"attributes\":" + attributes_json(made) + ",\"key\":" + made.key.text() + "}";
}

std::string Pool::attestation_json(const std::string &origin, const PoolKey &key, const KeyVersion &version) const {
    forge::Answer made = answer(origin, key, version);
    made.attestation.set("privateKeyAttestation", forge::quoted(version.private_blob));
    if (!version.public_blob.empty()) made.attestation.set("publicKeyAttestation", forge::quoted(version.public_blob));
    return "{\"attributes\":{\"attestation\":" + made.attestation.text() + "," + made.attributes.text().substr(1) +
           ",\"key\":" + made.key.text() + "}";
}

Page Pool::keys(const std::string &origin, std::size_t first, std::size_t count) const {
    Page page;
    const std::size_t end = std::min(keys_.size(), first + count);
    for (std::size_t i = first; i < end; ++i) {
        page.items.push_back("{\"attributes\":" + attributes_json(kinds_[keys_[i].kind].answer) +
                             ",\"kid\":" + forge::quoted(origin + "/keys/" + keys_[i].name) + "}");
    }
    if (end < keys_.size()) page.next = end;
    return page;
}

Page Pool::versions(const std::string &origin, const PoolKey &key, std::size_t first, std::size_t count) const {
    Page page;
    const std::size_t end = std::min(key.versions.size(), first + count);
    for (std::size_t i = first; i < end; ++i) {
        page.items.push_back("{\"attributes\":" + attributes_json(kinds_[key.kind].answer) + ",\"kid\":" +
                             forge::quoted(origin + "/keys/" + key.name + "/" + key.versions[i].version) + "}");
    }
    if (end < key.versions.size()) page.next = end;
    return page;
}

}  // namespace emulator
