// The evidence of a pool: from the cache, or from the service through the fetch library.
#include <algorithm>

#include "shim/fetch/client.h"
#include "evidence_source.h"
#include "pool_cache.h"
#include "support/clock.h"

namespace mhsm::pkcs11 {
namespace {

constexpr std::size_t most_keys = 10000;

fetch::ClientConfig client_config(const FetchSettings &settings, const NamedSource &source, const Log &log) {
    fetch::ClientConfig config;
    config.auth = settings.auth;
    config.token_file = settings.token_file;
    config.ca_file = settings.ca_file;
    config.connect_to = settings.connect_to;
    config.allowed_hosts = settings.allow_hosts;
    config.timeout = settings.timeout;
    config.log = [&source, &log](std::string_view line) { log.write(source.name, line); };
    return config;
}

// Beside this module's folder, as it is installed, or where the system looks.
std::vector<std::string> library_paths(const FetchSettings &settings) {
    if (!settings.library.empty()) return {settings.library};
    return fetch::library_paths("../libmhsmattest-fetch.so", reinterpret_cast<const void *>(&gather_pool));
}

// All keys of the pool in the order of their URLs; nothing if it could not be listed to its end.
std::optional<std::vector<PoolKey>> fetch_keys(const NamedSource &source, const Settings &settings, const Log &log) {
    const auto tell = [&](const fetch::ClientError &error) {
        // What was lacking may be there the next time, so that the pool is not taken for one that cannot be fetched.
        if (error.status == MHSM_FETCH_NO_MEMORY) throw std::bad_alloc();
        log.write(source.name, error.text);
    };
    const auto fail = [&](const fetch::ClientError &error) {
        tell(error);
        return std::nullopt;
    };
    const auto library = fetch::Library::load(library_paths(settings.fetch));
    if (!library) return fail(library.error());
    auto session = library->session(client_config(settings.fetch, source, log));
    if (!session) return fail(session.error());
    std::vector<PoolKey> keys;
    fetch::Run run;
    run.on_key = [&](const fetch::Key &key) {
        if (keys.size() == most_keys) return false;
        if (key.answer)
            keys.push_back({key.url, key.answer->tls_pool.value_or(""), key.answer->bytes});
        else
            keys.push_back({key.url, "", ""});
        if (!key.answer) tell(key.answer.error());
        return true;
    };
    if (const auto error = session->pool(source.location, run)) return fail(*error);
    std::ranges::sort(keys, {}, &PoolKey::url);
    return keys;
}

}  // namespace

bool gather_pool(const NamedSource &source, const Shared &shared, const Sink &sink) {
    const auto &log = shared.log;
    const PoolCache cache(shared, source.location);
    auto keys = cache.load(support::unix_time());
    if (!keys) {
        keys = fetch_keys(source, shared.settings, log);
        if (!keys) return false;
        cache.store(*keys, support::unix_time());
    }
    bool complete = true;
    for (const auto &key : *keys) {
        const auto request = parse_key_url(key.url, true);
        if (key.json.empty() || !request) {
            log.write(source.name, key.url + ": no objects: it could not be fetched");
            complete = false;
            continue;
        }
        const auto bytes = as_bytes(key.json);
        sink({key.url, {bytes.begin(), bytes.end()}, key.tls_pool, *request});
    }
    return complete;
}

}  // namespace mhsm::pkcs11
