#include <algorithm>
#include <new>

#include "core/attributes.h"
#include "shim/fetch/http.h"
#include "shim/fetch/url.h"

namespace mhsm::fetch {
namespace {

// No attestation, key listing or token is larger; nor is a header line that matters.
constexpr std::size_t body_limit = std::size_t{1} << 20U;
constexpr std::size_t header_limit = std::size_t{8} << 10U;
constexpr std::size_t most_challenges = 8;

void check(CURLcode code) {
    if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
}

template <class T>
void set(CURL *easy, CURLoption option, T value) {
    check(curl_easy_setopt(easy, option, value));
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n";
    const auto first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

curl_slist *append(curl_slist *list, const char *text) {
    curl_slist *longer = curl_slist_append(list, text);
    if (longer == nullptr) {
        curl_slist_free_all(list);
        throw std::bad_alloc();
    }
    return longer;
}

}  // namespace

// Header lines hold tokens.
void Exchange::free_list(curl_slist *list) {
    for (auto *item = list; item != nullptr; item = item->next)
        OPENSSL_cleanse(item->data, std::char_traits<char>::length(item->data));
    curl_slist_free_all(list);
}

Exchange::Exchange(const Settings &settings, Request request)
    : settings_(settings), request_(std::move(request)), easy_(curl_easy_init()) {
    if (!easy_) throw std::bad_alloc();
    curl_slist *list = append(nullptr, "Accept: application/json");
    for (const auto &header : request_.headers) list = append(list, std::string(header.view()).c_str());
    headers_.reset(list);
    list = nullptr;
    for (const auto &entry : settings_.connect_to) list = append(list, entry.c_str());
    connect_to_.reset(list);
    set_up();
}

Exchange::~Exchange() = default;

void Exchange::set_up() {
    CURL *easy = easy_.get();
    const char *scheme = request_.local ? "http" : "https";
    set(easy, CURLOPT_URL, request_.url.c_str());
    set(easy, CURLOPT_PROTOCOLS_STR, scheme);
    set(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    set(easy, CURLOPT_FOLLOWLOCATION, 0L);
    set(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_TIMEOUT, static_cast<long>(settings_.timeout));
    const auto patience = request_.connect_timeout.value_or(std::chrono::seconds(std::min(settings_.timeout, 10U)));
    set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(patience.count()));
    set(easy, CURLOPT_USERAGENT, "mhsm-attest/" MHSMATTEST_VERSION);
    set(easy, CURLOPT_HTTPHEADER, headers_.get());
    set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    set(easy, CURLOPT_PIPEWAIT, 1L);
    set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    if (request_.form) {
        set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.form->view().size()));
        set(easy, CURLOPT_POSTFIELDS, request_.form->view().data());
    }
    if (request_.local)
        set(easy, CURLOPT_PROXY, "");  // also keeps the environment's away
    else
        set_up_tls();
    set(easy, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(body_limit));
    set(easy, CURLOPT_WRITEFUNCTION, on_body);
    set(easy, CURLOPT_WRITEDATA, this);
    set(easy, CURLOPT_HEADERFUNCTION, on_header);
    set(easy, CURLOPT_HEADERDATA, this);
    set(easy, CURLOPT_NOPROGRESS, 0L);
    set(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    set(easy, CURLOPT_XFERINFODATA, this);
    set(easy, CURLOPT_ERRORBUFFER, words_);
    set(easy, CURLOPT_PRIVATE, this);
}

void Exchange::set_up_tls() {
    CURL *easy = easy_.get();
    set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!settings_.ca_file.empty()) set(easy, CURLOPT_CAINFO, settings_.ca_file.c_str());
    if (!settings_.ca_path.empty()) set(easy, CURLOPT_CAPATH, settings_.ca_path.c_str());
    // One of the two replaces the system's certificates, whichever of its places these are in.
    if (!settings_.ca_file.empty() && settings_.ca_path.empty())
        set(easy, CURLOPT_CAPATH, static_cast<char *>(nullptr));
    if (settings_.ca_file.empty() && !settings_.ca_path.empty())
        set(easy, CURLOPT_CAINFO, static_cast<char *>(nullptr));
    if (connect_to_) set(easy, CURLOPT_CONNECT_TO, connect_to_.get());
}

std::size_t Exchange::on_body(char *data, std::size_t size, std::size_t count, void *self) {
    auto &exchange = *static_cast<Exchange *>(self);
    auto &body = exchange.response_.body;
    const auto bytes = size * count;
    if (body.size() + bytes > body_limit) {
        exchange.too_large_ = true;
        return 0;
    }
    try {
        body.insert(body.end(), data, data + bytes);
    } catch (const std::bad_alloc &) {
        exchange.no_memory_ = true;
        return 0;
    }
    return bytes;
}

std::size_t Exchange::on_header(char *data, std::size_t size, std::size_t count, void *self) {
    auto &exchange = *static_cast<Exchange *>(self);
    try {
        exchange.take_header({data, size * count});
    } catch (const std::bad_alloc &) {
        exchange.no_memory_ = true;
        return 0;
    }
    return size * count;
}

void Exchange::take_header(std::string_view line) {
    // Interim answers (100) and those of a proxy come first; the last one counts.
    if (line.starts_with("HTTP/")) {
        response_ = Response{};
        return;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || line.size() > header_limit) return;
    const auto name = lower_case(line.substr(0, colon));
    const auto value = trimmed(line.substr(colon + 1));
    if (name == "content-type") response_.content_type = value;
    if (name == "retry-after") response_.retry_after = value;
    if (name == "date") response_.date = value;
    if (name == "www-authenticate" && response_.challenges.size() < most_challenges)
        response_.challenges.emplace_back(value);
}

int Exchange::on_progress(void *self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Exchange *>(self)->settings_.stop() ? 1 : 0;
}

Fetched<Response> Exchange::result(CURLcode code) {
    if (no_memory_) throw std::bad_alloc();
    if (code != CURLE_OK) return error(code);
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &response_.status);
    return std::move(response_);
}

namespace {

struct Meaning {
    CURLcode code;
    MHSM_FETCH_STATUS status;
    const char *text;
};

constexpr Meaning meanings[] = {
    {CURLE_COULDNT_RESOLVE_HOST, MHSM_FETCH_RESOLVE,
     "the name of the host cannot be resolved; check the name of the pool, and the network or its DNS"},
    {CURLE_COULDNT_RESOLVE_PROXY, MHSM_FETCH_RESOLVE,
     "the name of the proxy cannot be resolved; check the environment's https_proxy"},
    {CURLE_COULDNT_CONNECT, MHSM_FETCH_CONNECT,
     "no connection; check the network, firewall, proxy (https_proxy) and private endpoint of the pool"},
    {CURLE_PROXY, MHSM_FETCH_CONNECT, "the proxy refuses the connection; check the environment's https_proxy"},
    {CURLE_SEND_ERROR, MHSM_FETCH_CONNECT, "the connection broke; try again"},
    {CURLE_RECV_ERROR, MHSM_FETCH_CONNECT, "the connection broke; try again"},
    {CURLE_GOT_NOTHING, MHSM_FETCH_CONNECT, "the server closed the connection without an answer; try again"},
    {CURLE_PARTIAL_FILE, MHSM_FETCH_CONNECT, "the answer was cut off; try again"},
    {CURLE_HTTP2, MHSM_FETCH_CONNECT, "the connection broke; try again"},
    {CURLE_HTTP2_STREAM, MHSM_FETCH_CONNECT, "the answer was cut off; try again"},
    {CURLE_SSL_CONNECT_ERROR, MHSM_FETCH_TLS,
     "the TLS handshake failed; TLS 1.2 or later is needed, and nothing between that breaks it"},
    {CURLE_PEER_FAILED_VERIFICATION, MHSM_FETCH_TLS,
     "the certificate of the server does not verify; check the clock, and name the CA with -CAfile if a proxy inspects "
     "TLS"},
    {CURLE_SSL_CACERT_BADFILE, MHSM_FETCH_TLS,
     "the CA certificates cannot be read; check -CAfile, or install "
     "ca-certificates"},
    {CURLE_OPERATION_TIMEDOUT, MHSM_FETCH_TIMEOUT, "no whole answer in time; try again, or wait longer with -timeout"},
    {CURLE_FILESIZE_EXCEEDED, MHSM_FETCH_TOO_LARGE, "the answer is larger than 1 MiB, which none of the service is"},
    {CURLE_ABORTED_BY_CALLBACK, MHSM_FETCH_STOPPED, "stopped"},
    {CURLE_UNSUPPORTED_PROTOCOL, MHSM_FETCH_BAD_PARAMETER, "only https is spoken"},
    {CURLE_URL_MALFORMAT, MHSM_FETCH_BAD_PARAMETER, "not a URL"},
};

}  // namespace

Error Exchange::error(CURLcode code) const {
    if (too_large_) code = CURLE_FILESIZE_EXCEEDED;
    Meaning meaning{code, MHSM_FETCH_PROTOCOL, "the server does not speak HTTP as it should"};
    for (const auto &known : meanings)
        if (known.code == code) meaning = known;
    const std::string why = words_[0] != '\0' ? words_ : curl_easy_strerror(code);
    const bool said_enough = meaning.status == MHSM_FETCH_STOPPED || meaning.status == MHSM_FETCH_TOO_LARGE;
    return {meaning.status, 0,
            request_.what + ": " + meaning.text + (said_enough ? "" : " (" + printable(trimmed(why)) + ")")};
}

}  // namespace mhsm::fetch
