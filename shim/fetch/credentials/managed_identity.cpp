// The identity that Azure gives to a machine or an application: App Service's endpoint if the environment names it,
// else the metadata service of virtual machines (IMDS). Both speak plain http, to this machine alone.
#include <ctime>

#include "core/attributes.h"
#include "shim/fetch/credential.h"
#include "shim/fetch/service_error.h"
#include "shim/fetch/url.h"

namespace mhsm::fetch {
namespace {

constexpr const char *imds = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=";
// On a machine without the service nobody answers, and nobody should have to wait for that.
constexpr std::chrono::milliseconds imds_patience{1000};

std::string query_field(const char *name, std::string_view value) {
    return std::string(form_field(name, value).view());
}

Error refused(const Response &response, const std::string &what) {
    const auto words = service_words(response.body);
    return {MHSM_FETCH_CREDENTIAL_FAILED, static_cast<int>(response.status),
            what +
                ": no token; does this machine have an identity, and with several, is AZURE_CLIENT_ID set? (HTTP "
                "status " +
                std::to_string(response.status) + (words.empty() ? "" : ", it says: " + words) + ")"};
}

Fetched<Token> answer_of(Fetched<Response> response, const std::string &what) {
    if (!response) return response.error();
    if (response->status != 200) return refused(*response, what);
    return read_token_answer(response->body, what, std::time(nullptr));
}

// Whether `url` is http on an address that cannot be anybody else's: loopback or link-local.
bool is_on_this_machine(std::string_view url) {
    constexpr std::string_view http = "http://";
    if (lower_case(url.substr(0, http.size())) != http) return false;
    url.remove_prefix(http.size());
    const auto authority = url.substr(0, url.find_first_of("/?#"));
    const auto origin = parse_authority(authority);
    if (!origin) return false;
    // Digits and dots only, so that no name that begins like an address passes for one.
    const bool numeric = origin->host.find_first_not_of("0123456789.") == std::string::npos;
    return origin->host == "localhost" ||
           (numeric && (origin->host.starts_with("127.") || origin->host.starts_with("169.254.")));
}

class AppService final : public Credential {
public:
    AppService(std::string endpoint, Secret header, std::string client_id)
        : endpoint_(std::move(endpoint)), header_(std::move(header)), client_id_(std::move(client_id)) {}

    Fetched<Token> get(const Wanted &wanted, Http &http) override {
        const auto what = "IDENTITY_ENDPOINT " + printable(endpoint_);
        if (!is_on_this_machine(endpoint_))
            return Error{MHSM_FETCH_BAD_PARAMETER, 0,
                         what + ": expected http:// on localhost or a link-local address, where the platform puts it"};
        auto response = http.perform_patiently([&] {
            Request request;
            request.url = endpoint_ + "?api-version=2019-08-01&" + query_field("resource", wanted.resource) +
                          (client_id_.empty() ? "" : "&" + query_field("client_id", client_id_));
            request.what = what;
            std::string header("X-IDENTITY-HEADER: ");
            header.reserve(header.size() + header_.view().size());
            header.append(header_.view());
            request.headers.emplace_back(std::move(header));
            request.local = true;
            return request;
        });
        return answer_of(std::move(response), what);
    }

private:
    std::string endpoint_;
    Secret header_;
    std::string client_id_;
};

class MetadataService final : public Credential {
public:
    explicit MetadataService(std::string client_id) : client_id_(std::move(client_id)) {}

    Fetched<Token> get(const Wanted &wanted, Http &http) override {
        const std::string what = "managed identity (metadata service at 169.254.169.254)";
        const auto make_request = [&] {
            Request request;
            request.url = imds + std::string(form_field("", wanted.resource).view().substr(1)) +
                          (client_id_.empty() ? "" : "&" + query_field("client_id", client_id_));
            request.what = what;
            request.headers.emplace_back("Metadata: true");
            request.local = true;
            request.connect_timeout = imds_patience;
            return request;
        };
        // One try tells whether it is there at all; if so, it is asked as patiently as everybody else.
        auto first = http.perform(make_request());
        if (!first && first.error().status != MHSM_FETCH_STOPPED)
            return Error{MHSM_FETCH_NO_CREDENTIAL, 0, what + ": not there"};
        if (first && (first->status == 200 || first->status == 400)) return answer_of(std::move(first), what);
        if (!first) return first.error();
        return answer_of(http.perform_patiently(make_request), what);
    }

private:
    std::string client_id_;
};

}  // namespace

CredentialPtr managed_identity_credential(const Environment &environment) {
    const auto endpoint = environment("IDENTITY_ENDPOINT");
    Secret header(environment("IDENTITY_HEADER"));
    const auto client_id = environment("AZURE_CLIENT_ID");
    if (!endpoint.empty() && !header.empty())
        return std::make_unique<AppService>(endpoint, std::move(header), client_id);
    return std::make_unique<MetadataService>(client_id);
}

}  // namespace mhsm::fetch
