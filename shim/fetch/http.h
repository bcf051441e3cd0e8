// HTTPS requests with curl: verified, bounded in size and time, never redirected.
#pragma once

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "config.h"
#include "core/ossl.h"
#include "error.h"
#include "private_context.h"
#include "secret.h"

namespace mhsm::fetch {

// Whether `http:` and a direct connection (no proxy) are right: for metadata services on the machine only.
enum class Reach { internet, machine };

struct Request {
    std::string url;
    std::vector<Secret> headers;  // "Name: value"
    std::optional<Secret> form;   // POST with this body, else GET
    Reach reach = Reach::internet;
    unsigned connect_timeout = 10;  // seconds

    std::string line() const;  // "GET https://...", for logs and errors
};

struct Response {
    int status = 0;
    Secret body;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case

    std::vector<std::string_view> header(std::string_view name) const;
    std::string_view first_header(std::string_view name) const;  // empty if there is none
};

// No answer: why, and whether another attempt may help.
struct TransportFailure {
    Error error;
    bool retryable = false;
};

using Reply = std::variant<Response, TransportFailure>;

using EasyPtr = std::unique_ptr<CURL, Deleter<curl_easy_cleanup>>;
using MultiPtr = std::unique_ptr<CURLM, Deleter<curl_multi_cleanup>>;

// One request on its way. Addresses of its members are known to curl: it stays where it is.
class Transfer {
public:
    Transfer(const Config &config, Request request);
    ~Transfer();
    Transfer(const Transfer &) = delete;
    Transfer &operator=(const Transfer &) = delete;

    CURL *handle() const { return easy_.get(); }
    const Request &request() const { return request_; }
    Reply reply(CURLcode code);  // once curl has finished

private:
    static std::size_t receive_body(char *data, std::size_t size, std::size_t count, void *self) noexcept;
    static std::size_t receive_header(char *data, std::size_t size, std::size_t count, void *self) noexcept;
    void set_up(const Config &config);
    void set_up_tls(const Config &config);
    void add_header(const char *line);
    TransportFailure failure(CURLcode code) const;

    Request request_;
    EasyPtr easy_;
    curl_slist *headers_ = nullptr;
    curl_slist *connect_to_ = nullptr;
    char error_[CURL_ERROR_SIZE] = {};
    Response response_;
    std::size_t header_bytes_ = 0;
    bool too_large_ = false;
};

// The connections of a session.
class Transport {
public:
    explicit Transport(const Config &config);
    ~Transport();
    Transport(const Transport &) = delete;
    Transport &operator=(const Transport &) = delete;

    // One request, to its end. Throws Error(STOPPED).
    Reply perform(Request request);

    // Many at once: what is started is told to `finished` by a later step(), which waits at most `milliseconds`.
    using Finished = std::function<void(Transfer *transfer, Reply reply)>;
    std::unique_ptr<Transfer> start(Request request);
    void cancel(Transfer &transfer);
    void step(int milliseconds, const Finished &finished);

    const PrivateContext &context() const { return context_; }

private:
    class Library {  // curl's global state, counted by curl
    public:
        Library();
        ~Library();
        Library(const Library &) = delete;
        Library &operator=(const Library &) = delete;
    };

    const Config &config_;
    PrivateContext context_;
    Library library_;
    MultiPtr multi_;
};

}  // namespace mhsm::fetch
