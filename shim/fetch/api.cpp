// The C interface.
#include <curl/curl.h>

#include <cstring>
#include <memory>
#include <string>

#include "error.h"
#include "pool.h"
#include "session.h"

struct mhsm_fetch_session_st {
    explicit mhsm_fetch_session_st(mhsm::fetch::Config config) : session(std::move(config)) {}
    mhsm::fetch::Session session;
};

namespace mhsm::fetch {
namespace {

void require(bool condition, const char *what) {
    if (!condition) throw Error(MHSM_FETCH_BAD_PARAMETER, what);
}

MHSM_FETCH_STATUS session_new(const MHSM_FETCH_CONFIG *config, MHSM_FETCH_SESSION **session, MHSM_FETCH_ERROR *error) {
    return guard(error, [&] {
        require(session != nullptr, "session_new: no place for the session");
        *session = nullptr;
        *session = std::make_unique<mhsm_fetch_session_st>(checked(config)).release();
    });
}

void session_free(MHSM_FETCH_SESSION *session) {
    guard(nullptr, [&] { const std::unique_ptr<MHSM_FETCH_SESSION> owned(session); });
}

MHSM_FETCH_STATUS get(MHSM_FETCH_SESSION *session, const char *url,
                      void (*receive)(void *arg, const MHSM_FETCH_ANSWER *answer), void *arg, MHSM_FETCH_ERROR *error) {
    return guard(error, [&] {
        require(session != nullptr && url != nullptr && receive != nullptr, "get: session, url and receive are needed");
        session->session.get(url, [&](const MHSM_FETCH_ANSWER &answer) { receive(arg, &answer); });
    });
}

MHSM_FETCH_STATUS pool(MHSM_FETCH_SESSION *session, const char *name, const MHSM_FETCH_RUN *run,
                       MHSM_FETCH_ERROR *error) {
    return guard(error, [&] {
        require(session != nullptr && name != nullptr && run != nullptr, "pool: session, pool and run are needed");
        require(run->size == sizeof(MHSM_FETCH_RUN) && run->on_key != nullptr,
                "pool: the run has the size of another version of the fetch library, or no on_key");
        run_pool(session->session, name, *run);
    });
}

}  // namespace
}  // namespace mhsm::fetch

extern "C" __attribute__((visibility("default"))) const MHSM_FETCH_API *mhsm_fetch_get_api(uint32_t abi) {
    static constexpr MHSM_FETCH_API api{MHSM_FETCH_ABI,           "mhsm-attest " MHSMATTEST_VERSION " (libcurl)",
                                        mhsm::fetch::session_new, mhsm::fetch::session_free,
                                        mhsm::fetch::get,         mhsm::fetch::pool};
    return abi == MHSM_FETCH_ABI ? &api : nullptr;
}
