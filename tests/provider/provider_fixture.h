// An application as far as the provider can tell: library contexts of its own, keys from files, URIs and data.
#pragma once

#include <openssl/provider.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/ossl.h"
#include "folder.h"

namespace mhsm::test {

// A library context configured like openssl.cnf does it, default first, mhsmattest second; but the latter is loaded
// by name, since libcrypto drops the errors of a provider that the configuration activates.
class Application {
public:
    // `parameters`: lines of the provider's section. Does not throw; see loaded().
    explicit Application(const std::string &parameters);
    ~Application();
    Application(const Application &) = delete;
    Application &operator=(const Application &) = delete;

    bool loaded() const { return provider_ != nullptr; }
    OSSL_LIB_CTX *context() const { return context_; }

    EvpPkeyPtr load_uri(const std::string &uri) const;
    EvpPkeyPtr load_file(const std::string &path) const;                         // through OpenSSL's own file loader
    EvpPkeyPtr decode(std::string_view text, const char *type = nullptr) const;  // OSSL_DECODER, input type left open
    EvpPkeyPtr decode_json(std::string_view text, const char *type) const;

private:
    OSSL_LIB_CTX *context_;
    OSSL_PROVIDER *provider_ = nullptr;
};

// Parameters that make the real evidence verify, and those for the forge's.
std::string real_parameters();
std::string forged_parameters(const Folder &folder);

// Parameters of EVP_PKEY_fromdata for MHSM-ATTESTATION; what is empty or 0 is not given.
struct Given {
    std::string_view evidence;
    const char *policy = nullptr;
    std::string owner_pin = {};
    std::int64_t time = 0;
    const char *unknown = nullptr;
};
EvpPkeyPtr from_data(OSSL_LIB_CTX *libctx, const Given &given, int selection = EVP_PKEY_PUBLIC_KEY);

// Drains the error queue of this thread: "library: reason: data" of each entry.
std::vector<std::string> drain_errors();

int int_param(const EVP_PKEY *key, const char *name);  // -1 if the key does not answer
std::string text_param(const EVP_PKEY *key, const char *name);

}  // namespace mhsm::test
