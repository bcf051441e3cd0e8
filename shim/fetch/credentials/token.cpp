// A bearer token that the user already has.
#include "shim/fetch/credential.h"

namespace mhsm::fetch {
namespace {

class GivenToken final : public Credential {
public:
    GivenToken(std::string file, Secret text) : file_(std::move(file)), text_(std::move(text)) {}

    // The file is read each time: somebody may refresh it during a long run.
    Fetched<Token> get(const Wanted &, Http &) override {
        if (file_.empty()) return read_token(std::string(text_.view()), "MHSM_ACCESS_TOKEN");
        auto content = read_secret_file(file_, "token file");
        if (!content) return content.error();
        return read_token(std::string(content->view()), "token file " + file_);
    }
    bool renews() const override { return !file_.empty(); }

private:
    std::string file_;
    Secret text_;
};

}  // namespace

CredentialPtr token_credential(const Settings &settings, const Environment &environment) {
    Secret text(environment("MHSM_ACCESS_TOKEN"));
    if (settings.token_file.empty() && text.empty()) return nullptr;
    return std::make_unique<GivenToken>(settings.token_file, std::move(text));
}

}  // namespace mhsm::fetch
