#include "shim/fetch/http.h"

#include <openssl/provider.h>

#include <new>
#include <thread>

#include "core/attributes.h"
#include "shim/fetch/retry.h"
#include "shim/fetch/url.h"

namespace mhsm::fetch {

PrivateCrypto::PrivateCrypto() : context_(OSSL_LIB_CTX_new()) {
    if (context_ == nullptr) throw std::bad_alloc();
    const ErrorScope errors;
    provider_ = OSSL_PROVIDER_load(context_, "default");
}

PrivateCrypto::~PrivateCrypto() {
    OSSL_PROVIDER_unload(provider_);
    OSSL_LIB_CTX_free(context_);
}

Http::Http(const Settings &settings, const PrivateCrypto &crypto)
    : settings_(settings), crypto_(crypto), multi_(curl_multi_init()) {
    if (!multi_) throw std::bad_alloc();
}

Fetched<Response> Http::perform(Request request) {
    settings_.log((request.form ? "POST " : "GET ") + printable(request.url));
    Exchange exchange(settings_, std::move(request));
    const PrivateCrypto::Scope scope(crypto_);
    if (curl_multi_add_handle(multi_.get(), exchange.handle()) != CURLM_OK) throw std::bad_alloc();
    std::optional<CURLcode> done;
    int running = 1;
    while (!done) {
        if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) done = CURLE_FAILED_INIT;
        int left = 0;
        while (const CURLMsg *message = curl_multi_info_read(multi_.get(), &left))
            if (message->msg == CURLMSG_DONE) done = message->data.result;
        if (!done && settings_.stop()) done = CURLE_ABORTED_BY_CALLBACK;
        if (!done) curl_multi_poll(multi_.get(), nullptr, 0, 200, nullptr);
    }
    auto result = exchange.result(*done);
    curl_multi_remove_handle(multi_.get(), exchange.handle());
    if (result) settings_.log("answered " + std::to_string(result->status));
    return result;
}

bool Http::retry_after(int attempt, const Fetched<Response> &result, const std::string &what) {
    const auto delay = retry_delay(settings_.retries, attempt, result);
    if (!delay) return false;
    settings_.log(what + ": trying again in " + std::to_string(delay->count()) + " ms (" +
                  (result ? "HTTP status " + std::to_string(result->status) : result.error().text) + ")");
    return sleep_unless_stopped(*delay, settings_.stop);
}

}  // namespace mhsm::fetch
