#include "credentials/entra.h"
#include "text.h"

namespace mhsm::fetch {

Token given_token(const Surroundings &surroundings, const Challenge &) {
    const auto &file = surroundings.config.token_file;
    const auto variable = file.empty() ? environment("MHSM_ACCESS_TOKEN") : std::nullopt;
    if (file.empty() && !variable) throw NotAvailable("neither MHSM_ACCESS_TOKEN nor a token file is given");
    auto token = parse_bearer(file.empty() ? std::string_view(*variable) : read_secret_file(file).view());
    if (!token)
        throw Error(MHSM_FETCH_CREDENTIAL_FAILED,
                    concat({file.empty() ? "MHSM_ACCESS_TOKEN" : one_line(file),
                            " does not hold a bearer token: expected one line, as az account get-access-token --query ",
                            "accessToken --output tsv prints it"}));
    return std::move(*token);
}

}  // namespace mhsm::fetch
