#include "credentials/entra.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "retry.h"
#include "service_error.h"
#include "text.h"

namespace mhsm::fetch {
namespace {

constexpr std::size_t longest_file = std::size_t{1} << 20U;

Origin authority_of(const Challenge &challenge) {
    const auto own = environment("AZURE_AUTHORITY_HOST");
    if (!own) return challenge.authority;
    auto text = std::string_view(*own);
    static constexpr std::string_view https = "https://";
    if (text.starts_with(https)) text.remove_prefix(https.size());
    if (text.ends_with('/')) text.remove_suffix(1);
    const auto origin = parse_authority(text);
    if (!origin)
        throw Error(MHSM_FETCH_BAD_PARAMETER,
                    concat({"AZURE_AUTHORITY_HOST is ", one_line(*own), ": expected https://HOST"}));
    return *origin;
}

class File {
public:
    explicit File(const std::string &path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
    ~File() {
        if (descriptor_ >= 0) close(descriptor_);
    }
    File(const File &) = delete;
    File &operator=(const File &) = delete;
    int descriptor() const { return descriptor_; }

private:
    int descriptor_;
};

}  // namespace

std::string token_endpoint(const Challenge &challenge) {
    const auto tenant = environment("AZURE_TENANT_ID").value_or(challenge.tenant);
    if (!is_tenant(tenant))
        throw Error(MHSM_FETCH_BAD_PARAMETER,
                    concat({"AZURE_TENANT_ID is ", one_line(tenant), ": expected an id or a domain"}));
    return concat({authority_of(challenge).text(), "/", tenant, "/oauth2/v2.0/token"});
}

Token entra_token(const Surroundings &surroundings, const Challenge &challenge, std::string_view client_id,
                  const std::function<Secret()> &proof) {
    const auto endpoint = token_endpoint(challenge);
    const auto response = perform_with_retries(surroundings.transport, surroundings.config, [&] {
        Secret form{"grant_type=client_credentials&client_id=", percent_encoded(client_id),
                    "&scope=", percent_encoded(challenge.audience + "/.default"), "&"};
        form.append(proof().view());
        Request request;
        request.url = endpoint;
        request.form = std::move(form);
        return request;
    });
    if (response.status != 200) {
        const auto failure = service_failure("POST " + endpoint, response);
        throw Error(MHSM_FETCH_CREDENTIAL_FAILED, failure.text(), failure.http_status());
    }
    auto token = parse_token_answer(response.body.view(), std::time(nullptr));
    if (!token)
        throw Error(MHSM_FETCH_CREDENTIAL_FAILED, concat({"POST ", endpoint, ": the answer holds no access_token"}),
                    200);
    return std::move(*token);
}

Secret assertion_form(std::string_view assertion) {
    Secret form(
        "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=");
    form.append_encoded(assertion);
    return form;
}

Secret read_secret_file(const std::string &path) {
    const auto failed = [&](const std::string &why) {
        return Error(MHSM_FETCH_CREDENTIAL_FAILED, concat({"cannot read ", one_line(path), ": ", why}));
    };
    const File file(path);
    if (file.descriptor() < 0) throw failed(std::generic_category().message(errno));
    Secret content;
    std::vector<char, CleansingAllocator<char>> buffer(4096);
    for (;;) {
        const auto count = read(file.descriptor(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw failed(std::generic_category().message(errno));
        if (count == 0) return content;
        content.append({buffer.data(), static_cast<std::size_t>(count)});
        if (content.size() > longest_file) throw failed("it is larger than 1 MiB");
    }
}

}  // namespace mhsm::fetch
