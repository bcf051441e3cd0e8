// The REST surface: which answer each request gets, before any transport fault.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "faults.h"
#include "pool.h"
#include "recorder.h"
#include "tokens.h"

namespace emulator {

enum class Listener { pool, stranger, plain };

struct Request {
    Listener listener = Listener::pool;
    std::string method, host, path, query, body, authorization;
    std::multimap<std::string, std::string> headers;  // names in lower case
    std::map<std::string, std::string> parameters;    // of the query
    std::map<std::string, std::string> form;
};

struct Ports {
    int tls = 0, stranger = 0, plain = 0;
};

class Service {
public:
    Service(const Pool &pool, const Tokens &tokens, Faults &faults, Recorder &recorder)
        : pool_(pool), tokens_(tokens), faults_(faults), recorder_(recorder) {}
    void set_ports(const Ports &ports) { ports_ = ports; }
    // The value that App Service hands to its applications.
    void set_identity_header(std::string value) { identity_header_ = std::move(value); }

    Reply answer(const Request &request) const;
    // /_emulator: requests and faults.
    Reply control(const Request &request) const;
    // Where a redirection `to` "path", "host" or "http" leads.
    std::string elsewhere(const std::string &to, const std::string &target) const;

private:
    bool is_pool(const Request &request) const;
    Reply pool_answer(const Request &request) const;
    Reply challenge(const Request &request, const std::string &why) const;
    Reply list_keys(const Request &request) const;
    Reply key_answer(const Request &request, const std::vector<std::string> &parts) const;
    Reply page_reply(const Request &request, const Page &page) const;
    Reply identity(const Request &request) const;
    Defect token_defect(const Request &request) const;

    const Pool &pool_;
    const Tokens &tokens_;
    Faults &faults_;
    Recorder &recorder_;
    Ports ports_;
    std::string identity_header_;
};

// The error body of the service.
Reply service_error(int status, const std::string &code, const std::string &message, const std::string &inner = {});

}  // namespace emulator
