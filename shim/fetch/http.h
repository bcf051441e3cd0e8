// HTTP exchanges by libcurl: one at a time (perform), or many at once (Exchange with a multi handle of the caller's).
#pragma once

#include <curl/curl.h>
#include <openssl/crypto.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/ossl.h"
#include "shim/fetch/secret.h"
#include "shim/fetch/settings.h"

namespace mhsm::fetch {

struct Request {
    std::string url;
    std::string what;             // the object that is asked for, in words, for errors
    std::vector<Secret> headers;  // "Name: value"
    std::optional<Secret> form;   // the body of a POST; none: GET
    bool local = false;           // plain http to this machine's own metadata service, past all proxies
    std::optional<std::chrono::milliseconds> connect_timeout;
};

struct Response {
    long status = 0;
    Bytes body;
    std::string content_type, retry_after, date;
    std::vector<std::string> challenges;  // WWW-Authenticate
};

// What libcrypto does for libcurl happens in a context of its own: the host's may lack the default provider, or have
// this project's provider, which would be asked about every algorithm of a TLS handshake.
class PrivateCrypto {
public:
    PrivateCrypto();
    ~PrivateCrypto();
    PrivateCrypto(const PrivateCrypto &) = delete;
    PrivateCrypto &operator=(const PrivateCrypto &) = delete;
    OSSL_LIB_CTX *context() const { return context_; }

    // The default context of this thread, while it lives.
    class Scope {
    public:
        explicit Scope(const PrivateCrypto &crypto) : before_(OSSL_LIB_CTX_set0_default(crypto.context())) {}
        ~Scope() { OSSL_LIB_CTX_set0_default(before_); }
        Scope(const Scope &) = delete;
        Scope &operator=(const Scope &) = delete;

    private:
        OSSL_LIB_CTX *before_;
        ErrorScope errors_;
    };

private:
    OSSL_LIB_CTX *context_;
    OSSL_PROVIDER *provider_ = nullptr;
};

// One exchange from its request to its response or error.
class Exchange {
public:
    // `settings` must outlive it.
    Exchange(const Settings &settings, Request request);
    ~Exchange();
    Exchange(const Exchange &) = delete;
    Exchange &operator=(const Exchange &) = delete;

    CURL *handle() const { return easy_.get(); }
    const Request &request() const { return request_; }
    // What became of it once libcurl says that it is done with `code`. To be asked once.
    Fetched<Response> result(CURLcode code);

private:
    static std::size_t on_body(char *data, std::size_t size, std::size_t count, void *self);
    static std::size_t on_header(char *data, std::size_t size, std::size_t count, void *self);
    static int on_progress(void *self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
    void set_up();
    void set_up_tls();
    void take_header(std::string_view line);
    Error error(CURLcode code) const;

    template <auto Free>
    struct Call {
        template <class T>
        void operator()(T *object) const {
            Free(object);
        }
    };
    static void free_list(curl_slist *list);

    const Settings &settings_;
    Request request_;
    Response response_;
    std::unique_ptr<CURL, Call<curl_easy_cleanup>> easy_;
    std::unique_ptr<curl_slist, Call<free_list>> headers_;
    std::unique_ptr<curl_slist, Call<curl_slist_free_all>> connect_to_;
    char words_[CURL_ERROR_SIZE] = {};
    bool too_large_ = false, no_memory_ = false;
};

// Performs single exchanges, with connections that are kept between them.
class Http {
public:
    Http(const Settings &settings, const PrivateCrypto &crypto);
    Http(const Http &) = delete;
    Http &operator=(const Http &) = delete;

    // Once, whatever the status.
    Fetched<Response> perform(Request request);
    // Again, as retry.h says, while it fails for a reason that may pass.
    template <class MakeRequest>
    Fetched<Response> perform_patiently(MakeRequest make_request);

    // Closes the connections; nothing can be performed any more.
    void close() {
        const PrivateCrypto::Scope scope(crypto_);
        multi_.reset();
    }

    const Settings &settings() const { return settings_; }
    const PrivateCrypto &crypto() const { return crypto_; }

private:
    bool retry_after(int attempt, const Fetched<Response> &result, const std::string &what);

    struct FreeShare {
        void operator()(CURLM *multi) const { curl_multi_cleanup(multi); }
    };
    const Settings &settings_;
    const PrivateCrypto &crypto_;
    std::unique_ptr<CURLM, FreeShare> multi_;  // holds the connections
};

template <class MakeRequest>
Fetched<Response> Http::perform_patiently(MakeRequest make_request) {
    for (int attempt = 0;; ++attempt) {
        auto request = make_request();
        const auto what = request.what;
        auto result = perform(std::move(request));
        if (!retry_after(attempt, result, what)) return result;
    }
}

}  // namespace mhsm::fetch
