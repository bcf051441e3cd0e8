// fetch-probe LIBRARY get URL | pool POOL | paths, with options: drives the fetch library from tests. Prints JSON
// lines.
#include <cjson/cJSON.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shim/fetch/client.h"

namespace {

using mhsm::fetch::Answer;
using mhsm::fetch::ClientConfig;
using mhsm::fetch::ClientError;
using mhsm::fetch::Expected;
using mhsm::fetch::Key;
using mhsm::fetch::Library;
using mhsm::fetch::Run;

struct Options {
    ClientConfig config;
    bool all_versions = false;
    unsigned stop_after = 0;
};

void print_line(const Expected<Answer> &answer, const std::string &url) {
    const std::unique_ptr<cJSON, decltype(&cJSON_Delete)> line(cJSON_CreateObject(), cJSON_Delete);
    cJSON_AddStringToObject(line.get(), "url", url.c_str());
    if (answer) {
        cJSON_AddStringToObject(line.get(), "bytes", answer->bytes.c_str());
        cJSON_AddNumberToObject(line.get(), "size", static_cast<double>(answer->bytes.size()));
        if (answer->tls_pool) cJSON_AddStringToObject(line.get(), "tls_pool", answer->tls_pool->c_str());
    } else {
        cJSON_AddNumberToObject(line.get(), "status", answer.error().status);
        cJSON_AddNumberToObject(line.get(), "http_status", answer.error().http_status);
        cJSON_AddStringToObject(line.get(), "error", answer.error().text.c_str());
    }
    const std::unique_ptr<char, decltype(&std::free)> text(cJSON_PrintUnformatted(line.get()), std::free);
    std::cout << text.get() << '\n';
}

Options parse(const std::vector<std::string> &arguments) {
    Options options;
    auto &config = options.config;
    for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
        const auto &name = arguments[i];
        const auto &value = arguments[i + 1];
        if (name == "-auth")
            config.auth = value;
        else if (name == "-token_file")
            config.token_file = value;
        else if (name == "-allow_host")
            config.allowed_hosts.push_back(value);
        else if (name == "-connect_to")
            config.connect_to.push_back(value);
        else if (name == "-CAfile")
            config.ca_file = value;
        else if (name == "-api_version")
            config.api_version = value;
        else if (name == "-timeout")
            config.timeout = static_cast<unsigned>(std::stoul(value));
        else if (name == "-retries")
            config.retries = std::stoi(value);
        else if (name == "-jobs")
            config.jobs = static_cast<unsigned>(std::stoul(value));
        else if (name == "-stop_after")
            options.stop_after = static_cast<unsigned>(std::stoul(value));
        else if (name == "-versions")
            options.all_versions = value == "all";
        else
            throw std::invalid_argument("unknown option " + name);
    }
    config.log = [](std::string_view line) { std::cerr << line << '\n'; };
    return options;
}

int run(const std::vector<std::string> &arguments) {
    const auto options = parse({arguments.begin() + 3, arguments.end()});
    const auto library = Library::load({arguments[0]});
    if (!library) {
        std::cerr << library.error().text << '\n';
        return 2;
    }
    auto session = library->session(options.config);
    if (!session) {
        print_line(session.error(), arguments[2]);
        return 1;
    }
    if (arguments[1] == "get") {
        const auto answer = session->get(arguments[2]);
        print_line(answer, arguments[2]);
        return answer ? 0 : 1;
    }
    unsigned count = 0;
    Run run;
    run.all_versions = options.all_versions;
    run.on_key = [&](const Key &key) {
        print_line(key.answer, key.url);
        return ++count != options.stop_after;
    };
    const auto error = session->pool(arguments[2], run);
    if (error) print_line(*error, arguments[2]);
    return error ? 1 : 0;
}

}  // namespace

int main(int count, char **arguments) {
    try {
        if (count >= 4) return run({arguments + 1, arguments + count});
        std::cerr << "usage: fetch-probe LIBRARY get|pool URL [option value]...\n";
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
    }
    return 2;
}
