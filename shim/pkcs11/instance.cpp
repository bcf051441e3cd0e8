#include "instance.h"

#include <algorithm>
#include <cstdlib>
#include <future>

#include "error.h"
#include "mhsmattest-pkcs11.h"

namespace mhsm::pkcs11 {
namespace {

// libcrypto keeps what it had no memory for when it first looked. All that is needed later is looked for here, so that
// C_Initialize fails then, and can be called again, and no key is missing later.
LibCtxPtr make_library_context() {
    LibCtxPtr libctx(OSSL_LIB_CTX_new());
    const EvpMdPtr sha1(libctx ? EVP_MD_fetch(libctx.get(), "SHA1", nullptr) : nullptr);
    if (!sha1 || !can_verify(libctx.get())) throw std::bad_alloc();
    return libctx;
}

}  // namespace

Instance::Instance(const char *reserved, bool may_create_threads)
    : libctx_(make_library_context()), may_create_threads_(may_create_threads) {
    shared_.libctx = libctx_.get();
    const char *debug = ::secure_getenv(MHSMATTEST_PKCS11_DEBUG_VARIABLE);
    if (debug != nullptr && *debug != '\0') shared_.log.to_stderr();
    try {
        start(reserved);
    } catch (const Error &error) {
        shared_.log.write("configuration", error.what());
        throw;
    }
}

void Instance::start(const char *reserved) {
    // Where to log comes first, so that whatever else is wrong can be told.
    const auto log_to = [this](const std::string *place) {
        if (place != nullptr && *place == "stderr") shared_.log.to_stderr();
        if (place != nullptr && place->starts_with('/')) shared_.log.to_file(*place);
    };
    Pairs pairs;
    try {
        parse_reserved(reserved != nullptr ? reserved : "", pairs);
    } catch (const Error &) {
        log_to(find_value(pairs, "log"));
        throw;
    }
    log_to(find_value(pairs, "log"));
    const auto configuration = read_configuration(pairs);
    const auto log = configuration.settings.find("log");
    log_to(log != configuration.settings.end() ? &log->second : nullptr);
    shared_.settings = understand(configuration, libctx_.get());
    for (const auto &source : configuration.sources) {
        if (!source.location.starts_with('/') && !is_pool(source.location))
            throw Error(CKR_GENERAL_ERROR,
                        "source = " + source.location + ": expected an absolute path or mhsm://host");
        tokens_.push_back(std::make_unique<Token>(source, shared_));
    }
}

const Token &Instance::token(CK_SLOT_ID slot) const {
    if (slot >= tokens_.size()) throw Error(CKR_SLOT_ID_INVALID);
    return *tokens_[slot];
}

const Token &Instance::loaded_token(CK_SLOT_ID slot) const {
    const auto &wanted = token(slot);
    if (is_pool(wanted.source().location) && !wanted.loaded() && may_create_threads_) load_pools();
    static_cast<void>(wanted.contents());
    return wanted;
}

void Instance::load_pools() const {
    // Deferred where the system has no thread to give.
    std::vector<std::future<void>> loads;
    for (const auto &token : tokens_)
        if (is_pool(token->source().location) && !token->loaded())
            loads.push_back(std::async(std::launch::async | std::launch::deferred,
                                       [&token] { static_cast<void>(token->contents()); }));
    for (auto &load : loads) load.get();
}

CK_SESSION_HANDLE Instance::open_session(CK_SLOT_ID slot, CK_FLAGS flags) {
    const auto &wanted = loaded_token(slot);
    const std::lock_guard lock(mutex_);
    if (sessions_.size() >= most_sessions) throw Error(CKR_SESSION_COUNT);
    // Handles are not used again, so that a stale one is noticed.
    const auto handle = last_session_ + 1;
    sessions_.emplace(handle, std::make_shared<Session>(slot, flags, wanted));
    last_session_ = handle;
    ++session_counts_[slot];
    return handle;
}

std::shared_ptr<Session> Instance::session(CK_SESSION_HANDLE handle) const {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(handle);
    if (found == sessions_.end()) throw Error(CKR_SESSION_HANDLE_INVALID);
    return found->second;
}

void Instance::close_session(CK_SESSION_HANDLE handle) {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(handle);
    if (found == sessions_.end()) throw Error(CKR_SESSION_HANDLE_INVALID);
    const auto slot = found->second->slot;
    sessions_.erase(found);
    if (--session_counts_[slot] == 0) logged_in_.erase(slot);
}

void Instance::close_all_sessions(CK_SLOT_ID slot) {
    static_cast<void>(token(slot));
    const std::lock_guard lock(mutex_);
    std::erase_if(sessions_, [slot](const auto &entry) { return entry.second->slot == slot; });
    session_counts_.erase(slot);
    logged_in_.erase(slot);
}

CK_ULONG Instance::session_count(CK_SLOT_ID slot) const {
    const std::lock_guard lock(mutex_);
    const auto found = session_counts_.find(slot);
    return found != session_counts_.end() ? found->second : 0;
}

bool Instance::logged_in(CK_SLOT_ID slot) const {
    const std::lock_guard lock(mutex_);
    return logged_in_.contains(slot);
}

void Instance::log_in(CK_SLOT_ID slot) {
    const std::lock_guard lock(mutex_);
    if (!logged_in_.insert(slot).second) throw Error(CKR_USER_ALREADY_LOGGED_IN);
}

void Instance::log_out(CK_SLOT_ID slot) {
    const std::lock_guard lock(mutex_);
    if (logged_in_.erase(slot) == 0) throw Error(CKR_USER_NOT_LOGGED_IN);
}

}  // namespace mhsm::pkcs11
