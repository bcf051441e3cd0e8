#include "fetcher.h"

namespace mhsm::provider {
namespace {

constexpr std::size_t most_idle = 4;

fetch::Library load_library(const Settings &settings) {
    const auto *const own_code = reinterpret_cast<const void *>(&load_library);
    const auto paths = settings.fetch_library.empty() ? fetch::library_paths(MHSMATTEST_FETCH_PATH, own_code)
                                                      : std::vector{settings.fetch_library};
    auto library = fetch::Library::load(paths);
    if (!library) fail(ProviderReason::fetch_library_missing, "fetch-library", library.error().text);
    return std::move(*library);
}

}  // namespace

fetch::Session Fetcher::take(const Settings &settings) {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
        auto session = std::move(idle_.back());
        idle_.pop_back();
        return session;
    }
    if (!library_) library_ = load_library(settings);
    auto session = library_->session(settings.fetching);
    if (!session) fail(ProviderReason::fetch_failed, "", session.error().text);
    return std::move(*session);
}

void Fetcher::put_back(fetch::Session session) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < most_idle) idle_.push_back(std::move(session));
}

fetch::Answer Fetcher::get(const Settings &settings, const std::string &url) {
    auto session = take(settings);
    auto answer = session.get(url);
    put_back(std::move(session));
    if (!answer) fail(ProviderReason::fetch_failed, "", answer.error().text);
    return std::move(*answer);
}

}  // namespace mhsm::provider
