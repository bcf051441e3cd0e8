// A fetch library that needs no network: the pool is what the file pool.txt in the folder $MHSM_FAKE_POOL says, one
// "<file> <pool that TLS proved> <url>" a line; the file "-" is a key that cannot be fetched, the pool "-" no pool.
// Each run is noted in runs.txt; if there is a file named down, the service is not reachable.
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "mhsmattest-fetch.h"

struct mhsm_fetch_session_st {
    std::string folder;
};

namespace {

std::string content(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    // A lack of memory must not look like an empty file.
    file.exceptions(std::ios::badbit);
    text.exceptions(std::ios::badbit | std::ios::failbit);
    text << file.rdbuf();
    return text.str();
}

MHSM_FETCH_STATUS fail(MHSM_FETCH_ERROR *error, MHSM_FETCH_STATUS status, const char *text) {
    error->status = status;
    std::strncpy(error->text, text, sizeof error->text - 1);
    return status;
}

MHSM_FETCH_STATUS session_new(const MHSM_FETCH_CONFIG *, MHSM_FETCH_SESSION **session, MHSM_FETCH_ERROR *error) {
    const char *folder = std::getenv("MHSM_FAKE_POOL");
    if (folder == nullptr) return fail(error, MHSM_FETCH_BAD_PARAMETER, "no MHSM_FAKE_POOL");
    *session = std::make_unique<mhsm_fetch_session_st>(mhsm_fetch_session_st{folder}).release();
    return MHSM_FETCH_OK;
}

void session_free(MHSM_FETCH_SESSION *session) { const std::unique_ptr<mhsm_fetch_session_st> owner(session); }

MHSM_FETCH_STATUS get(MHSM_FETCH_SESSION *, const char *, void (*)(void *, const MHSM_FETCH_ANSWER *), void *,
                      MHSM_FETCH_ERROR *error) {
    return fail(error, MHSM_FETCH_INTERNAL, "not a part of this library");
}

int hand_out(const MHSM_FETCH_RUN &run, const std::string &folder, const std::string &line) {
    std::istringstream words(line);
    words.exceptions(std::ios::badbit);
    std::string file;
    std::string pool;
    std::string url;
    words >> file >> pool >> url;
    MHSM_FETCH_ERROR error{};
    MHSM_FETCH_KEY key{url.c_str(), nullptr, nullptr};
    const auto bytes = file == "-" ? std::string() : content(folder + "/" + file);
    const MHSM_FETCH_ANSWER answer{reinterpret_cast<const unsigned char *>(bytes.data()), bytes.size(), url.c_str(),
                                   pool == "-" ? nullptr : pool.c_str()};
    if (file == "-") {
        fail(&error, MHSM_FETCH_FORBIDDEN, "a key that may not be read");
        key.error = &error;
    } else {
        key.answer = &answer;
    }
    return run.on_key(run.arg, &key);
}

MHSM_FETCH_STATUS pool(MHSM_FETCH_SESSION *session, const char *, const MHSM_FETCH_RUN *run, MHSM_FETCH_ERROR *error) {
    std::ofstream(session->folder + "/runs.txt", std::ios::app) << "run\n";
    if (std::filesystem::exists(session->folder + "/down"))
        return fail(error, MHSM_FETCH_CONNECT, "the service is not reachable");
    std::istringstream lines(content(session->folder + "/pool.txt"));
    lines.exceptions(std::ios::badbit);
    for (std::string line; std::getline(lines, line);)
        if (hand_out(*run, session->folder, line) == 0) return fail(error, MHSM_FETCH_STOPPED, "stopped");
    return MHSM_FETCH_OK;
}

const MHSM_FETCH_API api{MHSM_FETCH_ABI, "fake", session_new, session_free, get, pool};

}  // namespace

extern "C" __attribute__((visibility("default"))) const MHSM_FETCH_API *mhsm_fetch_get_api(uint32_t abi) {
    return abi == MHSM_FETCH_ABI ? &api : nullptr;
}
