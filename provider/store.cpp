// STORE mhsm: evidence named by a URI becomes a key, the certificates of both chains, and names for these.
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/params.h>
#include <openssl/store.h>

#include "attested_key.h"
#include "dispatch.h"
#include "source.h"

namespace mhsm::provider {
namespace {

OSSL_FUNC_store_open_fn open_uri;
OSSL_FUNC_store_attach_fn attach_stream;
OSSL_FUNC_store_settable_ctx_params_fn settable_params;
OSSL_FUNC_store_set_ctx_params_fn set_params;
OSSL_FUNC_store_load_fn load_next;
OSSL_FUNC_store_eof_fn at_end;
OSSL_FUNC_store_close_fn close_store;

// One object that a caller can be given.
struct Item {
    int type;  // OSSL_STORE_INFO_*
    const CertificateFacts *certificate = nullptr;
};

// An opened URI. Its evidence is read and verified by the first load: what fails while opening is reported
// together with a misleading error of libcrypto's own.
class Loader {
public:
    Loader(Context &context, const char *uri) : context_(context), text_(uri) {}

    const Upcalls &upcalls() const { return context_.upcalls(); }
    void expect(int type) { expected_ = type; }
    int load_next(OSSL_CALLBACK *callback, void *argument);
    bool at_end() const;

private:
    // After a failure the end is reported only to the second question: storeutl exits 0 if it comes at once.
    enum class State { unread, listing, failed, ended };

    void read();
    void list_items();
    bool wants(const Item &item) const { return expected_ == 0 || expected_ == item.type; }
    std::size_t next_wanted() const;
    int give(const Item &item, OSSL_CALLBACK *callback, void *argument);
    int give_name(const CertificateFacts &certificate, OSSL_CALLBACK *callback, void *argument);

    Context &context_;
    std::string text_;
    Uri uri_;
    AttestedPtr attested_;
    std::vector<Item> items_;
    std::size_t next_ = 0;
    int expected_ = 0;
    State state_ = State::unread;
};

void Loader::read() {
    state_ = State::failed;
    uri_ = parse_uri(text_);
    attested_ = obtain(context_, uri_);
    if (expected_ == OSSL_STORE_INFO_PKEY) fail(ProviderReason::no_private_key, uri_.base, "");
    list_items();
    state_ = State::listing;
}

void Loader::list_items() {
    const auto &certificates = attested_->report.certificates;
    const bool everything = uri_.certificate.empty();
    if (everything) items_.push_back({OSSL_STORE_INFO_PUBKEY});
    for (const auto &certificate : certificates)
        if (certificate.role == uri_.certificate || (everything && certificate.role != "unused"))
            items_.push_back({OSSL_STORE_INFO_CERT, &certificate});
    if (!everything) return;
    for (const auto &certificate : certificates)
        if (certificate.role != "unused") items_.push_back({OSSL_STORE_INFO_NAME, &certificate});
}

std::size_t Loader::next_wanted() const {
    std::size_t index = next_;
    while (index < items_.size() && !wants(items_[index])) ++index;
    return index;
}

bool Loader::at_end() const {
    if (state_ == State::listing) return next_wanted() == items_.size();
    return state_ == State::ended;
}

int Loader::load_next(OSSL_CALLBACK *callback, void *argument) {
    if (state_ == State::unread) read();
    if (state_ != State::listing) state_ = State::ended;
    if (at_end()) return 0;
    next_ = next_wanted() + 1;
    return give(items_[next_ - 1], callback, argument);
}

int give_certificate(const CertificateFacts &certificate, OSSL_CALLBACK *callback, void *argument) {
    int type = OSSL_OBJECT_CERT;
    Bytes der = certificate.der;
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
                                 OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_DATA, der.data(), der.size()),
                                 OSSL_PARAM_construct_end()};
    return callback(params, argument);
}

// A URI that opens exactly this certificate.
int Loader::give_name(const CertificateFacts &certificate, OSSL_CALLBACK *callback, void *argument) {
    int type = OSSL_OBJECT_NAME;
    std::string name = uri_.base + "?certificate=" + certificate.role;
    std::string description = certificate.subject;
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
                                 OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA, name.data(), 0),
                                 OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DESC, description.data(), 0),
                                 OSSL_PARAM_construct_end()};
    return callback(params, argument);
}

int Loader::give(const Item &item, OSSL_CALLBACK *callback, void *argument) {
    switch (item.type) {
        case OSSL_STORE_INFO_PUBKEY: return hand_over(make_key(context_, attested_), callback, argument);
        case OSSL_STORE_INFO_CERT: return give_certificate(*item.certificate, callback, argument);
        default: return give_name(*item.certificate, callback, argument);
    }
}

Loader &loader_of(void *loaderctx) { return *static_cast<Loader *>(loaderctx); }

void *open_uri(void *provctx, const char *uri) {
    auto &context = context_of(provctx);
    return guard(context.upcalls(), static_cast<void *>(nullptr),
                 [&]() -> void * { return std::make_unique<Loader>(context, uri).release(); });
}

// OSSL_STORE_attach: refused by the first load. Evidence in a stream is for the loader of files, which hands it to our
// decoders. (Without this function libcrypto 3.0 crashes.)
void *attach_stream(void *provctx, OSSL_CORE_BIO * /*stream*/) { return open_uri(provctx, "a stream"); }

const OSSL_PARAM *settable_params(void * /*provctx*/) {
    static const OSSL_PARAM params[] = {OSSL_PARAM_int(OSSL_STORE_PARAM_EXPECT, nullptr),
                                        OSSL_PARAM_utf8_string(OSSL_STORE_PARAM_PROPERTIES, nullptr, 0),
                                        OSSL_PARAM_END};
    return params;
}

int set_params(void *loaderctx, const OSSL_PARAM params[]) {
    const auto *expect = params != nullptr ? OSSL_PARAM_locate_const(params, OSSL_STORE_PARAM_EXPECT) : nullptr;
    int type = 0;
    if (expect == nullptr) return 1;
    if (OSSL_PARAM_get_int(expect, &type) != 1) return 0;
    loader_of(loaderctx).expect(type);
    return 1;
}

int load_next(void *loaderctx, OSSL_CALLBACK *callback, void *argument, OSSL_PASSPHRASE_CALLBACK * /*passphrase*/,
              void * /*passphrase_argument*/) {
    auto &loader = loader_of(loaderctx);
    return guard(loader.upcalls(), 0, [&] { return loader.load_next(callback, argument); });
}

int at_end(void *loaderctx) { return loader_of(loaderctx).at_end() ? 1 : 0; }

int close_store(void *loaderctx) {
    const std::unique_ptr<Loader> owner(static_cast<Loader *>(loaderctx));
    return 1;
}

}  // namespace

const OSSL_DISPATCH *store() {
    static const OSSL_DISPATCH table[] = {row(OSSL_FUNC_STORE_OPEN, open_uri),
                                          row(OSSL_FUNC_STORE_ATTACH, attach_stream),
                                          row(OSSL_FUNC_STORE_SETTABLE_CTX_PARAMS, settable_params),
                                          row(OSSL_FUNC_STORE_SET_CTX_PARAMS, set_params),
                                          row(OSSL_FUNC_STORE_LOAD, load_next),
                                          row(OSSL_FUNC_STORE_EOF, at_end),
                                          row(OSSL_FUNC_STORE_CLOSE, close_store),
                                          end_of_rows};
    return table;
}

}  // namespace mhsm::provider
