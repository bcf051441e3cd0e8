// A stand-in for the fetch library whose answers the test of the client wrapper knows.
#include <cstring>
#include <initializer_list>

#include "mhsmattest-fetch.h"

struct mhsm_fetch_session_st {
    MHSM_FETCH_CONFIG config;
};

namespace {

MHSM_FETCH_STATUS fail(MHSM_FETCH_ERROR *error, MHSM_FETCH_STATUS status) {
    error->status = status;
    error->http_status = 403;
    std::strcpy(error->text, "as asked");
    return status;
}

MHSM_FETCH_STATUS session_new(const MHSM_FETCH_CONFIG *config, MHSM_FETCH_SESSION **session, MHSM_FETCH_ERROR *error) {
    static mhsm_fetch_session_st only;
    if (config->auth != nullptr) return fail(error, MHSM_FETCH_BAD_PARAMETER);
    only.config = *config;
    *session = &only;
    return MHSM_FETCH_OK;
}

void session_free(MHSM_FETCH_SESSION *) {}

MHSM_FETCH_STATUS get(MHSM_FETCH_SESSION *session, const char *url, void (*receive)(void *, const MHSM_FETCH_ANSWER *),
                      void *arg, MHSM_FETCH_ERROR *error) {
    if (session->config.log != nullptr) session->config.log(session->config.arg, "line");
    if (session->config.stop(session->config.arg) != 0) return fail(error, MHSM_FETCH_STOPPED);
    if (std::strcmp(url, "forbidden") == 0) return fail(error, MHSM_FETCH_FORBIDDEN);
    static const unsigned char bytes[] = {'a', 0, 'b'};
    const MHSM_FETCH_ANSWER answer{bytes, sizeof bytes, url, "pool"};
    receive(arg, &answer);
    return MHSM_FETCH_OK;
}

MHSM_FETCH_STATUS pool(MHSM_FETCH_SESSION *, const char *, const MHSM_FETCH_RUN *run, MHSM_FETCH_ERROR *error) {
    MHSM_FETCH_ERROR failure{};
    fail(&failure, MHSM_FETCH_FORBIDDEN);
    for (const auto *url : {"one", "two", "three"}) {
        if (run->wanted != nullptr && run->wanted(run->arg, url) == 0) continue;
        const MHSM_FETCH_KEY key{url, nullptr, &failure};
        if (run->on_key(run->arg, &key) == 0) return fail(error, MHSM_FETCH_STOPPED);
    }
    return MHSM_FETCH_OK;
}

constexpr MHSM_FETCH_API api{MHSM_FETCH_ABI, "fake", session_new, session_free, get, pool};

}  // namespace

extern "C" __attribute__((visibility("default"))) const MHSM_FETCH_API *mhsm_fetch_get_api(uint32_t) { return &api; }
