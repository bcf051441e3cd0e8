#include "server.h"

#include <httplib.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <condition_variable>
#include <iostream>
#include <set>
#include <stdexcept>
#include <thread>

#include "json.h"

namespace emulator {
namespace {

// httplib serves a connection on one thread from handshake to end; OpenSSL tells us which one that is.
thread_local int current_connection = -1;

// The open connections, so that they can be ended, and waiting that ends with the program.
class Lifetime {
public:
    void opened(int connection) {
        const std::lock_guard lock(mutex_);
        connections_.insert(connection);
    }
    // False if the program ends.
    bool wait(double seconds) {
        std::unique_lock lock(mutex_);
        return !wake_.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return ended_; });
    }
    void end() {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        wake_.notify_all();
        for (const int connection : connections_) ::shutdown(connection, SHUT_RDWR);
    }

private:
    std::mutex mutex_;
    std::condition_variable wake_;
    std::set<int> connections_;
    bool ended_ = false;
};

const char *name_of(Listener listener) {
    switch (listener) {
        case Listener::pool: return "pool";
        case Listener::stranger: return "stranger";
        case Listener::plain: break;
    }
    return "plain";
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

// httplib adds these to what the client sent.
bool added_by_library(const std::string &name) {
    return name == "remote_addr" || name == "remote_port" || name == "local_addr" || name == "local_port";
}

Request understood(Listener listener, const httplib::Request &from) {
    Request request;
    request.listener = listener;
    request.method = from.method;
    request.host = lower(from.get_header_value("Host"));
    const auto question = from.target.find('?');
    request.path = from.target.substr(0, question);
    if (question != std::string::npos) request.query = from.target.substr(question + 1);
    request.body = from.body;
    request.authorization = from.get_header_value("Authorization");
    for (const auto &[name, value] : from.headers)
        if (std::string key = lower(name); !added_by_library(key)) request.headers.emplace(std::move(key), value);
    for (const auto &[name, value] : from.params)
        (request.method == "POST" ? request.form : request.parameters)[name] = value;
    return request;
}

std::string record_of(const Request &request) {
    std::string headers;
    for (const auto &[name, value] : request.headers)
        headers += (headers.empty() ? "[" : ",[") + quote_json(name) + "," + quote_json(value) + "]";
    return "{\"listener\":" + forge::quoted(name_of(request.listener)) + ",\"method\":" + quote_json(request.method) +
           ",\"host\":" + quote_json(request.host) + ",\"path\":" + quote_json(request.path) +
           ",\"query\":" + quote_json(request.query) + ",\"headers\":[" + headers +
           "],\"body\":" + quote_json(request.body) + "}";
}

constexpr const char *json_type = "application/json; charset=utf-8";

void send(const Reply &reply, httplib::Response &response, const char *type = json_type) {
    response.status = reply.status;
    for (const auto &[name, value] : reply.headers) response.set_header(name, value);
    response.set_content(reply.body, type);
}

void send_half(const Reply &reply, httplib::Response &response) {
    response.status = reply.status;
    response.set_content_provider(reply.body.size(), json_type,
                                  [body = reply.body](std::size_t, std::size_t, httplib::DataSink &sink) {
                                      sink.write(body.data(), body.size() / 2);
                                      return false;
                                  });
}

void send_slowly(const Reply &reply, httplib::Response &response, double seconds, Lifetime &lifetime) {
    response.status = reply.status;
    response.set_content_provider(
        reply.body.size(), json_type,
        [body = reply.body, seconds, &lifetime](std::size_t offset, std::size_t, httplib::DataSink &sink) {
            return sink.write(body.data() + offset, 1) && lifetime.wait(seconds);
        });
}

void send_oversized(const Fault &fault, httplib::Response &response) {
    static constexpr std::size_t piece = 65536;
    const auto write = [total = fault.size](std::size_t offset, httplib::DataSink &sink) {
        const std::string spaces(std::min<std::size_t>(piece, total - offset), ' ');
        if (!sink.write(spaces.data(), spaces.size())) return false;
        if (offset + spaces.size() >= total && sink.done) sink.done();
        return true;
    };
    if (fault.length)
        response.set_content_provider(
            fault.size, json_type,
            [write](std::size_t offset, std::size_t, httplib::DataSink &sink) { return write(offset, sink); });
    else
        response.set_chunked_content_provider(json_type, write);
}

Reply error_reply(const Fault &fault) {
    constexpr int too_many = 429;
    Reply reply = service_error(fault.status, fault.status == too_many ? "Throttled" : "EmulatedFault",
                                "The emulator was told to answer so.");
    if (fault.retry_after) reply.headers["Retry-After"] = std::to_string(*fault.retry_after);
    return reply;
}

}  // namespace

struct Servers::Impl {
    Impl(Service &served, Faults &injected, Recorder &records, bool log)
        : service(served), faults(injected), recorder(records), verbose(log) {}

    void handle(Listener listener, const httplib::Request &from, httplib::Response &response) {
        const Request request = understood(listener, from);
        if (request.path.starts_with("/_emulator/")) return send(service.control(request), response);
        recorder.add(record_of(request));
        const auto fault = faults.take(Point::answer, request.path);
        if (fault)
            strike(*fault, request, response);
        else
            send(service.answer(request), response);
        if (verbose) log(request, response.status, fault.has_value());
    }

    void strike(const Fault &fault, const Request &request, httplib::Response &response) {
        switch (fault.trouble) {
            case Trouble::drop: drop(response); break;
            case Trouble::stall:
                lifetime.wait(fault.seconds);
                send(service.answer(request), response);
                break;
            case Trouble::drip: send_slowly(service.answer(request), response, fault.seconds, lifetime); break;
            case Trouble::half: send_half(service.answer(request), response); break;
            case Trouble::content_type: send(service.answer(request), response, "text/html"); break;
            case Trouble::status: send(error_reply(fault), response); break;
            case Trouble::redirect: {
                const std::string target = request.path + (request.query.empty() ? "" : "?" + request.query);
                send({307, "", {{"Location", service.elsewhere(fault.variant, target)}}}, response);
                break;
            }
            case Trouble::oversized: send_oversized(fault, response); break;
            case Trouble::not_json: send({200, "This is no JSON.", {}}, response); break;
            case Trouble::empty: send({200, "", {}}, response); break;
            case Trouble::next_link:
            case Trouble::challenge:
            case Trouble::token: throw std::logic_error("these faults strike elsewhere");
        }
    }

    static void drop(httplib::Response &response) {
        if (current_connection >= 0) ::shutdown(current_connection, SHUT_RDWR);
        response.set_content_provider(1, json_type,
                                      [](std::size_t, std::size_t, httplib::DataSink &) { return false; });
    }

    static void log(const Request &request, int status, bool struck) {
        static std::mutex mutex;
        const std::lock_guard lock(mutex);
        std::clog << name_of(request.listener) << " " << request.method << " " << request.host << request.path << " "
                  << status << (struck ? " (fault)" : "") << std::endl;
    }

    void serve(std::unique_ptr<httplib::Server> server, Listener listener, const Address &address, int &port) {
        const auto handler = [this, listener](const httplib::Request &request, httplib::Response &response) {
            handle(listener, request, response);
        };
        const std::string any = R"(/.*)";
        server->Get(any, handler).Post(any, handler).Put(any, handler).Delete(any, handler);
        server->Patch(any, handler).Options(any, handler);
        static constexpr std::size_t threads = 64, no_limit = 1000000000;
        server->new_task_queue = [] { return std::make_unique<httplib::ThreadPool>(threads).release(); };
        server->set_tcp_nodelay(true);
        // Plain connections are not counted among the open ones: they end with their answer.
        server->set_keep_alive_max_count(listener == Listener::plain ? 1 : no_limit);
        constexpr int idle_seconds = 60;
        server->set_keep_alive_timeout(idle_seconds);
        port = address.port != 0 ? address.port : server->bind_to_any_port(address.host);
        if (address.port != 0 && !server->bind_to_port(address.host, address.port)) port = -1;
        if (port < 0)
            throw std::runtime_error("cannot listen on " + address.host + ":" + std::to_string(address.port) +
                                     "; is the port taken? Choose another with -port, -stranger_port or -imds_port");
        running.push_back(std::move(server));
        threads_of_servers.emplace_back([raw = running.back().get()] { raw->listen_after_bind(); });
        while (!running.back()->is_running()) std::this_thread::yield();
    }

    Service &service;
    Faults &faults;
    Recorder &recorder;
    bool verbose;
    Lifetime lifetime;
    std::vector<std::unique_ptr<httplib::Server>> running;
    std::vector<std::thread> threads_of_servers;
    const KeyPair *identity = nullptr;
};

namespace {

constexpr int lifetime_index = 0;

void note_connection(const SSL *connection, int where, int) {
    if ((where & SSL_CB_HANDSHAKE_START) == 0) return;
    current_connection = SSL_get_fd(connection);
    static_cast<Lifetime *>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), lifetime_index))
        ->opened(current_connection);
}

std::unique_ptr<httplib::Server> tls_server(const KeyPair &identity, Lifetime &lifetime) {
    auto server = std::make_unique<httplib::SSLServer>([&](SSL_CTX &context) {
        SSL_CTX_set_info_callback(&context, note_connection);
        return SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION) == 1 &&
               SSL_CTX_set_ex_data(&context, lifetime_index, &lifetime) == 1 &&
               SSL_CTX_use_certificate(&context, identity.certificate.get()) == 1 &&
               SSL_CTX_use_PrivateKey(&context, identity.key.get()) == 1;
    });
    if (!server->is_valid()) throw std::runtime_error("cannot set up TLS");
    return server;
}

}  // namespace

Servers::Servers(Service &service, Faults &faults, Recorder &recorder, const KeyPair &identity, bool verbose)
    : impl_(std::make_unique<Impl>(service, faults, recorder, verbose)) {
    impl_->identity = &identity;
}

Servers::~Servers() {
    for (const auto &server : impl_->running) server->stop();
    impl_->lifetime.end();
    for (auto &thread : impl_->threads_of_servers) thread.join();
}

Ports Servers::start(const Address &pool, const Address &stranger, const Address &plain) {
    Ports ports;
    impl_->serve(tls_server(*impl_->identity, impl_->lifetime), Listener::pool, pool, ports.tls);
    impl_->serve(tls_server(*impl_->identity, impl_->lifetime), Listener::stranger, stranger, ports.stranger);
    impl_->serve(std::make_unique<httplib::Server>(), Listener::plain, plain, ports.plain);
    impl_->service.set_ports(ports);
    return ports;
}

}  // namespace emulator
