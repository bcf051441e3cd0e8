// The C interface: every entry in guard(), nothing throws out, every failure fills in the caller's error.
#include <curl/curl.h>

#include <algorithm>
#include <memory>
#include <new>

#include "shim/fetch/pool_run.h"

namespace mhsm::fetch {
namespace {

MHSM_FETCH_STATUS fail(MHSM_FETCH_ERROR *to, MHSM_FETCH_STATUS status, int http_status,
                       std::string_view text) noexcept {
    if (to == nullptr) return status;
    to->status = status;
    to->http_status = http_status;
    const auto size = std::min(text.size(), sizeof(to->text) - 1);
    text.copy(to->text, size);
    to->text[size] = '\0';
    return status;
}

MHSM_FETCH_STATUS fail(MHSM_FETCH_ERROR *to, const Error &error) noexcept {
    return fail(to, error.status, error.http_status, error.text);
}

template <class Function>
MHSM_FETCH_STATUS guard(MHSM_FETCH_ERROR *error, Function function) noexcept {
    try {
        return function();
    } catch (const std::bad_alloc &) {
        return fail(error, MHSM_FETCH_NO_MEMORY, 0, "out of memory");
    } catch (const std::exception &exception) {
        return fail(error, MHSM_FETCH_INTERNAL, 0, exception.what());
    } catch (...) {
        return fail(error, MHSM_FETCH_INTERNAL, 0, "unknown exception");
    }
}

// libcurl is initialised while there are sessions; it counts, so that a host which uses it too is not disturbed.
class CurlUse {
public:
    CurlUse() : held_(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {}
    ~CurlUse() {
        if (held_) curl_global_cleanup();
    }
    CurlUse(const CurlUse &) = delete;
    CurlUse &operator=(const CurlUse &) = delete;
    bool held() const { return held_; }
    void keep() { held_ = false; }

private:
    bool held_;
};

MHSM_FETCH_STATUS session_new(const MHSM_FETCH_CONFIG *config, MHSM_FETCH_SESSION **session, MHSM_FETCH_ERROR *error) {
    return guard(error, [&] {
        if (session == nullptr) return fail(error, MHSM_FETCH_BAD_PARAMETER, 0, "session: null");
        *session = nullptr;
        auto settings = read_settings(config);
        if (!settings) return fail(error, settings.error());
        CurlUse use;
        if (!use.held()) return fail(error, MHSM_FETCH_INTERNAL, 0, "libcurl cannot be initialised");
        *session = std::make_unique<MHSM_FETCH_SESSION>(std::move(*settings)).release();
        use.keep();
        return MHSM_FETCH_OK;
    });
}

void session_free(MHSM_FETCH_SESSION *session) {
    if (session == nullptr) return;
    {
        const std::unique_ptr<MHSM_FETCH_SESSION> owner(session);
        owner->http.close();
    }
    curl_global_cleanup();
}

MHSM_FETCH_STATUS get(MHSM_FETCH_SESSION *session, const char *url,
                      void (*receive)(void *arg, const MHSM_FETCH_ANSWER *answer), void *arg, MHSM_FETCH_ERROR *error) {
    return guard(error, [&] {
        if (session == nullptr || url == nullptr || receive == nullptr)
            return fail(error, MHSM_FETCH_BAD_PARAMETER, 0, "session, url or receive: null");
        const auto key = parse_key_target(url);
        if (!key) return fail(error, key.error());
        const auto response = get_attestation(*session, *key);
        if (!response) return fail(error, response.error());
        const auto asked = key->url();
        const auto tls_pool = pool_of(key->origin);
        const MHSM_FETCH_ANSWER answer{response->body.data(), response->body.size(), asked.c_str(),
                                       tls_pool.empty() ? nullptr : tls_pool.c_str()};
        receive(arg, &answer);
        return MHSM_FETCH_OK;
    });
}

MHSM_FETCH_STATUS pool(MHSM_FETCH_SESSION *session, const char *pool, const MHSM_FETCH_RUN *run,
                       MHSM_FETCH_ERROR *error) {
    return guard(error, [&] {
        if (session == nullptr || pool == nullptr || run == nullptr || run->size != sizeof(MHSM_FETCH_RUN) ||
            run->on_key == nullptr)
            return fail(error, MHSM_FETCH_BAD_PARAMETER, 0, "session, pool, run or on_key: null, or of another size");
        const auto origin = parse_pool_target(pool);
        if (!origin) return fail(error, origin.error());
        if (const auto failed = PoolRun(*session, *origin, *run).go()) return fail(error, *failed);
        return MHSM_FETCH_OK;
    });
}

}  // namespace
}  // namespace mhsm::fetch

[[gnu::visibility("default")]] const MHSM_FETCH_API *mhsm_fetch_get_api(uint32_t abi) {
    static const MHSM_FETCH_API api{MHSM_FETCH_ABI,           MHSMATTEST_VERSION " (libcurl " LIBCURL_VERSION ")",
                                    mhsm::fetch::session_new, mhsm::fetch::session_free,
                                    mhsm::fetch::get,         mhsm::fetch::pool};
    return abi == MHSM_FETCH_ABI ? &api : nullptr;
}
