// The module between C_Initialize and C_Finalize.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "session.h"

namespace mhsm::pkcs11 {

using LibCtxPtr = std::unique_ptr<OSSL_LIB_CTX, Deleter<OSSL_LIB_CTX_free>>;

class Instance {
public:
    static constexpr std::size_t most_sessions = 16384;

    // Reads the configuration; `reserved` as in CK_C_INITIALIZE_ARGS. Throws Error, which the log then explains.
    Instance(const char *reserved, bool may_create_threads);

    OSSL_LIB_CTX *libctx() const { return libctx_.get(); }
    std::size_t slots() const { return tokens_.size(); }
    const Token &token(CK_SLOT_ID slot) const;  // CKR_SLOT_ID_INVALID as an Error
    // The token with its evidence loaded; if it is a pool, all pools are fetched at the same time.
    const Token &loaded_token(CK_SLOT_ID slot) const;

    CK_SESSION_HANDLE open_session(CK_SLOT_ID slot, CK_FLAGS flags);
    std::shared_ptr<Session> session(CK_SESSION_HANDLE handle) const;  // CKR_SESSION_HANDLE_INVALID as an Error
    void close_session(CK_SESSION_HANDLE handle);
    void close_all_sessions(CK_SLOT_ID slot);
    CK_ULONG session_count(CK_SLOT_ID slot) const;

    // There is nothing to log in for; but who logged in is told so.
    bool logged_in(CK_SLOT_ID slot) const;
    void log_in(CK_SLOT_ID slot);   // CKR_USER_ALREADY_LOGGED_IN as an Error
    void log_out(CK_SLOT_ID slot);  // CKR_USER_NOT_LOGGED_IN as an Error

private:
    void start(const char *reserved);
    void load_pools() const;

    LibCtxPtr libctx_;
    Shared shared_;
    bool may_create_threads_;
    std::vector<std::unique_ptr<Token>> tokens_;
    mutable std::mutex mutex_;  // for what follows
    std::map<CK_SESSION_HANDLE, std::shared_ptr<Session>> sessions_;
    std::map<CK_SLOT_ID, CK_ULONG> session_counts_;
    std::set<CK_SLOT_ID> logged_in_;
    CK_SESSION_HANDLE last_session_ = CK_INVALID_HANDLE;
};

}  // namespace mhsm::pkcs11
