// The provider without memory: allocations of a decoding fail in turn, in libcrypto as well as in the module.
// The application gets no key, or the whole attested key; never a crash, never a key of evidence that does not verify.
#include "cmocka_cpp.h"
#include "failing_malloc.h"
#include "forge.h"
#include "mhsmattest.h"
#include "provider_fixture.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

// What the application learns of the key; "" if it got none.
std::string learned(const EVP_PKEY *key) {
    if (key == nullptr || int_param(key, MHSMATTEST_PARAM_ATTESTED) != 1) return "";
    return text_param(key, MHSMATTEST_PARAM_KEY_ID) + text_param(key, MHSMATTEST_PARAM_HSM_SERIAL) +
           text_param(key, MHSMATTEST_PARAM_OWNER_ROOT_SHA256) + hex(public_key_der(key));
}

// With as many blanks behind it: a text that was decoded a moment ago would not be verified again.
std::string with_blanks(const std::string &json, unsigned long blanks) { return json + std::string(blanks, ' '); }

EvpPkeyPtr decode(const Application &application, const std::string &text) {
    return application.decode_json(text, "RSA");
}

// Through OSSL_DECODER, not OSSL_STORE: without memory OpenSSL 3.0 loops and crashes in the latter with its own file
// loader too.
void sweep(const Application &application, const std::string &json, unsigned long stride, bool verifies) {
    const auto whole = learned(decode(application, json).get());
    CHECK_EQ(verifies, !whole.empty());
    drain_errors();
    unsigned long failures = 0;
    for (const bool lasting : {false, true}) {
        for (unsigned long number = 1;; number += stride) {
            const auto text = with_blanks(json, number);
            fault_arm(number, lasting);
            auto key = decode(application, text);
            const bool happened = fault_happened() != 0;
            fault_arm(0, 0);
            if (!happened) break;
            ++failures;
            const Context context("allocation " + std::to_string(number) + (lasting ? " and all after it" : ""));
            const auto got = learned(key.get());
            if (!got.empty()) CHECK_EQ(got, whole);
            drain_errors();
        }
    }
    CHECK(failures > 100 / stride);
}

}  // namespace

TEST(allocations_of_a_decoding) {
    const Application application(real_parameters());
    CHECK(application.loaded());
    sweep(application, restored_evidence(), 7, true);
}

TEST(what_does_not_verify_is_no_key_without_memory) {
    const Application application(real_parameters());
    sweep(application, recorded_evidence(), 11, false);
}
