// The provider in an application: whatever bytes libcrypto is asked to decode, an attested key comes only of
// evidence that the core verifies, and it is the attested key.
#include <ctime>

#include "mhsmattest.h"
#include "minted.h"
#include "property.h"
#include "provider_fixture.h"

using namespace mhsm;

namespace {

const test::Application &application() {
    static const test::Folder folder;
    static const test::Application loaded(test::forged_parameters(folder) + "no-default-hsm-roots = yes\n");
    fuzz::require(loaded.loaded(), "the provider loads");
    return loaded;
}

void require_attested(ByteView json, const EVP_PKEY *key) {
    const auto report = fuzz::appraise(json, {}, OwnerTrustMode::authenticated, std::time(nullptr));
    fuzz::require(verdict(report) == Verdict::verified, "a key of ours comes of verified evidence");
    fuzz::require_minted(as_text(json), report);
    fuzz::require(test::text_param(key, MHSMATTEST_PARAM_KEY_ID) == report.key->id, "it is the key of that name");
    if (!report.key->public_key.empty())
        fuzz::require(public_key_der(key) == report.key->public_key.der(), "it is the attested key");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string text(data, data + size);
    const auto &app = application();
    for (const auto &key : {app.decode(text), app.decode_json(text, nullptr), app.decode_json(text, "RSA")}) {
        if (key && test::int_param(key.get(), MHSMATTEST_PARAM_ATTESTED) == 1)
            require_attested(as_bytes(text), key.get());
        for (const auto &error : test::drain_errors()) fuzz::require_printable(error, "an error");
    }
    return 0;
}
