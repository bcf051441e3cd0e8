// The keys of the pool and the answers about them. Everything is signed when the pool is made; afterwards it
// is read only, so that many threads may ask.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "scene.h"

namespace emulator {

struct KeyVersion {
    std::string version;
    std::string private_blob, public_blob;  // base64url; the public one is empty for symmetric keys
};

struct PoolKey {
    std::string name;
    std::size_t kind = 0;  // of the pool's answers
    bool forbidden = false;
    std::vector<KeyVersion> versions;                        // oldest first
    const KeyVersion *find(std::string_view version) const;  // the latest if it is empty; null if there is none
};

// A page of a list: JSON objects, and where the next page begins (0: this is the last one).
struct Page {
    std::vector<std::string> items;
    std::size_t next = 0;
};

class Pool {
public:
    // Makes the named keys and `count` numbered ones, on all cores.
    Pool(std::string name, std::uint64_t seed, std::size_t count);

    const std::string &name() const { return name_; }
    const PoolKey *find(std::string_view key) const;
    // `origin` is what the pool was asked under, such as https://pool.managedhsm.azure.net.
    std::string key_json(const std::string &origin, const PoolKey &key, const KeyVersion &version) const;
    std::string attestation_json(const std::string &origin, const PoolKey &key, const KeyVersion &version) const;
    Page keys(const std::string &origin, std::size_t first, std::size_t count) const;
    Page versions(const std::string &origin, const PoolKey &key, std::size_t first, std::size_t count) const;

    const std::string &hsm_root_pem() const { return hsm_root_pem_; }
    const std::string &pool_root_pem() const { return pool_root_pem_; }
    const std::string &pin() const { return pin_; }  // sha256:HEX of the pool root

private:
    struct Plan;
    struct Kind {
        forge::Scene scene;
        forge::Answer answer;  // without what differs from key to key
    };
    std::size_t add_kind(std::string_view name, std::uint64_t seed, bool exportable);
    std::vector<Plan> plan_keys(std::uint64_t seed, std::size_t count);
    void mint(const std::vector<Plan> &plans);
    forge::Answer answer(const std::string &origin, const PoolKey &key, const KeyVersion &version) const;

    std::string name_, hsm_root_pem_, pool_root_pem_, pin_;
    std::vector<Kind> kinds_;
    std::vector<PoolKey> keys_;
    std::map<std::string, std::size_t, std::less<>> by_name_;
};

}  // namespace emulator
