#include "http.h"

#include <algorithm>
#include <mutex>
#include <new>

#include "text.h"

namespace mhsm::fetch {
namespace {

constexpr std::size_t most_body = std::size_t{1} << 20U;
constexpr std::size_t most_headers = std::size_t{64} << 10U;

std::mutex global_state;  // of curl

template <class T>
void set(CURL *easy, CURLoption option, T value) {
    const auto code = curl_easy_setopt(easy, option, value);
    if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
    if (code != CURLE_OK)
        throw Error(MHSM_FETCH_INTERNAL,
                    concat({"libcurl ", curl_version(), " refuses an option: ", curl_easy_strerror(code)}));
}

}  // namespace

std::string Request::line() const { return concat({form ? "POST " : "GET ", url}); }

std::vector<std::string_view> Response::header(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const auto &[known, value] : headers)
        if (known == name) values.push_back(value);
    return values;
}

std::string_view Response::first_header(std::string_view name) const {
    const auto values = header(name);
    return values.empty() ? std::string_view() : values.front();
}

Transfer::Transfer(const Config &config, Request request) : request_(std::move(request)), easy_(curl_easy_init()) {
    if (easy_ == nullptr) throw std::bad_alloc();
    try {
        set_up(config);
        set_up_tls(config);
    } catch (...) {
        curl_slist_free_all(headers_);
        curl_slist_free_all(connect_to_);
        throw;
    }
}

Transfer::~Transfer() {
    easy_.reset();
    for (auto *item = headers_; item != nullptr; item = item->next)
        OPENSSL_cleanse(item->data, std::string_view(item->data).size());
    curl_slist_free_all(headers_);
    curl_slist_free_all(connect_to_);
}

void Transfer::add_header(const char *line) {
    auto *longer = curl_slist_append(headers_, line);
    if (longer == nullptr) throw std::bad_alloc();
    headers_ = longer;
}

void Transfer::set_up(const Config &config) {
    auto *easy = easy_.get();
    const bool machine = request_.reach == Reach::machine;
    set(easy, CURLOPT_URL, request_.url.c_str());
    set(easy, CURLOPT_PRIVATE, this);
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_PROTOCOLS_STR, machine ? "http" : "https");
    set(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    set(easy, CURLOPT_FOLLOWLOCATION, 0L);
    set(easy, CURLOPT_PATH_AS_IS, 1L);
    set(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    set(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(std::min(request_.connect_timeout, config.timeout)));
    set(easy, CURLOPT_TIMEOUT, static_cast<long>(config.timeout));
    set(easy, CURLOPT_LOW_SPEED_LIMIT, 32L);  // bytes per second; an attestation has 12 KB
    set(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(std::clamp(config.timeout / 2, 1U, 15U)));
    set(easy, CURLOPT_ERRORBUFFER, error_);
    set(easy, CURLOPT_WRITEFUNCTION, &Transfer::receive_body);
    set(easy, CURLOPT_WRITEDATA, this);
    set(easy, CURLOPT_HEADERFUNCTION, &Transfer::receive_header);
    set(easy, CURLOPT_HEADERDATA, this);
    set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // a proxy's headers are not the service's
    set(easy, CURLOPT_USERAGENT, "mhsm-attest/" MHSMATTEST_VERSION);
    if (machine) set(easy, CURLOPT_PROXY, "");
    add_header("Accept: application/json");
    for (const auto &header : request_.headers) add_header(header.c_str());
    set(easy, CURLOPT_HTTPHEADER, headers_);
    if (request_.form) {
        set(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(request_.form->size()));
        set(easy, CURLOPT_POSTFIELDS, request_.form->c_str());
    }
    for (const auto &entry : config.connect_to) {
        auto *longer = curl_slist_append(connect_to_, entry.c_str());
        if (longer == nullptr) throw std::bad_alloc();
        connect_to_ = longer;
    }
    if (connect_to_ != nullptr) set(easy, CURLOPT_CONNECT_TO, connect_to_);
}

void Transfer::set_up_tls(const Config &config) {
    auto *easy = easy_.get();
    set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    set(easy, CURLOPT_PIPEWAIT, 1L);
    set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (config.ca_file.empty() && config.ca_path.empty()) return;
    const auto or_none = [](const std::string &path) { return path.empty() ? nullptr : path.c_str(); };
    set(easy, CURLOPT_CAINFO, or_none(config.ca_file));
    set(easy, CURLOPT_CAPATH, or_none(config.ca_path));
}

// Returning another number than was given makes curl give up.
std::size_t Transfer::receive_body(char *data, std::size_t size, std::size_t count, void *arg) noexcept {
    auto &self = *static_cast<Transfer *>(arg);
    try {
        const std::string_view part(data, size * count);
        self.too_large_ = self.response_.body.size() + part.size() > most_body;
        if (self.too_large_) return 0;
        self.response_.body.append(part);
        return part.size();
    } catch (...) {
        return 0;
    }
}

std::size_t Transfer::receive_header(char *data, std::size_t size, std::size_t count, void *arg) noexcept {
    auto &self = *static_cast<Transfer *>(arg);
    try {
        const std::string_view line(data, size * count);
        self.header_bytes_ += line.size();
        self.too_large_ = self.header_bytes_ > most_headers;
        if (self.too_large_) return 0;
        if (line.starts_with("HTTP/")) self.response_.headers.clear();  // after a 1xx
        const auto colon = line.find(':');
        if (colon != std::string_view::npos)
            self.response_.headers.emplace_back(lower_case(trimmed(line.substr(0, colon))), trimmed(line.substr(colon + 1)));
        return line.size();
    } catch (...) {
        return 0;
    }
}

Reply Transfer::reply(CURLcode code) {
    if (code != CURLE_OK) return failure(code);
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    response_.status = static_cast<int>(status);
    return std::move(response_);
}

TransportFailure Transfer::failure(CURLcode code) const {
    const auto detail = one_line(error_[0] != '\0' ? error_ : curl_easy_strerror(code));
    const auto failed = [&](MHSM_FETCH_STATUS status, bool retryable, std::string_view advice) {
        return TransportFailure{Error(status, concat({request_.line(), ": ", detail, advice})), retryable};
    };
    if (too_large_)
        return failed(MHSM_FETCH_TOO_LARGE, false, "; the answer is larger than 1 MiB, which no attestation is");
    long proxy_status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    if (proxy_status != 0 && proxy_status / 100 != 2)
        return failed(MHSM_FETCH_CONNECT, false, "; the proxy refuses: check https_proxy and no_proxy");
    switch (code) {
        case CURLE_OUT_OF_MEMORY:
        case CURLE_WRITE_ERROR: return failed(MHSM_FETCH_NO_MEMORY, false, "");
        case CURLE_COULDNT_RESOLVE_HOST:
            return failed(MHSM_FETCH_RESOLVE, true,
                          "; check the name of the pool, and that this machine has a name server");
        case CURLE_COULDNT_RESOLVE_PROXY: return failed(MHSM_FETCH_RESOLVE, false, "; check https_proxy and no_proxy");
        case CURLE_OPERATION_TIMEDOUT:
            return failed(MHSM_FETCH_TIMEOUT, true, "; if the network is only slow, allow more time (-timeout)");
        case CURLE_SSL_CACERT_BADFILE:
            return failed(MHSM_FETCH_BAD_PARAMETER, false, "; check the file of CA certificates");
        case CURLE_PEER_FAILED_VERIFICATION: {
            const bool time =
                detail.find("expired") != std::string::npos || detail.find("not yet valid") != std::string::npos;
            return failed(MHSM_FETCH_TLS, false,
                          time ? "; check the clock of this machine first"
                               : "; if a proxy of yours inspects TLS, give its CA (-CAfile); otherwise do not go on");
        }
        case CURLE_SSL_CONNECT_ERROR: return failed(MHSM_FETCH_TLS, true, "; TLS 1.2 or later is required");
        case CURLE_PARTIAL_FILE: return failed(MHSM_FETCH_PROTOCOL, true, "; the answer was cut off");
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_URL_MALFORMAT: return failed(MHSM_FETCH_PROTOCOL, false, "");
        default:
            return failed(MHSM_FETCH_CONNECT, true, "; check the network, the firewall of the pool and https_proxy");
    }
}

Transport::Library::Library() {
    const std::scoped_lock lock(global_state);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        throw Error(MHSM_FETCH_INTERNAL, "libcurl cannot be initialised");
}

Transport::Library::~Library() {
    const std::scoped_lock lock(global_state);
    curl_global_cleanup();
}

Transport::Transport(const Config &config) : config_(config), multi_(curl_multi_init()) {
    if (multi_ == nullptr) throw std::bad_alloc();
    // With HTTP/2 all requests share one; this is for servers without it.
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(config.jobs));
}

Transport::~Transport() {
    const PrivateContext::Scope scope(context_);
    multi_.reset();
}

std::unique_ptr<Transfer> Transport::start(Request request) {
    const PrivateContext::Scope scope(context_);
    config_.log(request.line());
    auto transfer = std::make_unique<Transfer>(config_, std::move(request));
    if (curl_multi_add_handle(multi_.get(), transfer->handle()) != CURLM_OK) throw std::bad_alloc();
    return transfer;
}

void Transport::cancel(Transfer &transfer) {
    const PrivateContext::Scope scope(context_);
    curl_multi_remove_handle(multi_.get(), transfer.handle());
}

void Transport::step(int milliseconds, const Finished &finished) {
    std::vector<std::pair<Transfer *, CURLcode>> done;
    {
        const PrivateContext::Scope scope(context_);
        const ErrorScope errors;
        int running = 0;
        auto code = curl_multi_perform(multi_.get(), &running);
        int left = 0;
        while (const auto *message = curl_multi_info_read(multi_.get(), &left)) {
            Transfer *transfer = nullptr;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
            done.emplace_back(transfer, message->data.result);
        }
        if (code == CURLM_OK && done.empty()) code = curl_multi_poll(multi_.get(), nullptr, 0, milliseconds, nullptr);
        if (code != CURLM_OK) throw Error(MHSM_FETCH_INTERNAL, concat({"libcurl: ", curl_multi_strerror(code)}));
    }
    for (const auto &[transfer, code] : done) {
        cancel(*transfer);
        finished(transfer, transfer->reply(code));
    }
}

Reply Transport::perform(Request request) {
    const auto transfer = start(std::move(request));
    std::optional<Reply> result;
    while (!result) {
        if (config_.stop()) {
            cancel(*transfer);
            throw Error(MHSM_FETCH_STOPPED, concat({transfer->request().line(), ": stopped"}));
        }
        step(100, [&](Transfer *, Reply reply) { result = std::move(reply); });
    }
    return std::move(*result);
}

}  // namespace mhsm::fetch
