// C_GetAttributeValue and C_FindObjects: what the standard says about buffers, templates and codes.
#include <algorithm>
#include <cstring>

#include "module_fixture.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

namespace {

struct Real {
    Real() { module.start(real_source()); }
    Module module;
};

}  // namespace

TEST(real_evidence_has_two_keys_and_both_chains) {
    const Real real;
    const OpenSession session(real.module);
    CHECK_EQ(session.find({}).size(), 7U);
    CHECK_EQ(session.find({entry(CKA_CLASS, CKO_PUBLIC_KEY)}).size(), 1U);
    CHECK_EQ(session.find({entry(CKA_CLASS, CKO_PRIVATE_KEY)}).size(), 1U);
    CHECK_EQ(session.find({entry(CKA_CLASS, CKO_CERTIFICATE)}).size(), 5U);
    CHECK_EQ(session.find({entry(CKA_CLASS, CKO_SECRET_KEY)}).size(), 0U);
}

TEST(attributes_are_those_that_the_hsm_signed) {
    const Real real;
    const OpenSession session(real.module);
    const auto key = session.only({entry(CKA_CLASS, CKO_PRIVATE_KEY)});
    CHECK_EQ(session.text(key, CKA_LABEL), "customer_key");
    CHECK_EQ(session.text(key, CKA_ID), "/keys/key1-hnhgsllilfcl3pdtpld/7071fabc480c0ca186f786a9b78c9456");
    CHECK_EQ(session.number(key, CKA_KEY_TYPE), CKK_RSA);
    CHECK_EQ(session.number(key, CKA_KEY_GEN_MECHANISM), 0x0aU);
    CHECK_EQ(hex(*session.read(key, CKA_CHECK_VALUE)), "c0a5a1");
    for (const auto type : {CKA_SENSITIVE, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_LOCAL, CKA_SIGN,
                            CKA_DECRYPT, CKA_UNWRAP, CKA_TOKEN, CKA_PRIVATE})
        CHECK_EQ(session.flag(key, type), std::optional(true));
    for (const auto type : {CKA_EXTRACTABLE, CKA_DERIVE, CKA_SIGN_RECOVER, CKA_WRAP_WITH_TRUSTED})
        CHECK_EQ(session.flag(key, type), std::optional(false));
    // PKCS#11 has no such attributes of a private key, whatever the HSM states.
    for (const auto type : {CKA_ENCRYPT, CKA_VERIFY, CKA_WRAP, CKA_VALUE_LEN, CKA_MODULUS_BITS})
        CHECK_EQ(session.code(key, type), CKR_ATTRIBUTE_TYPE_INVALID);
}

TEST(the_public_half_makes_no_claim_about_protection) {
    const Real real;
    const OpenSession session(real.module);
    const auto key = session.only({entry(CKA_CLASS, CKO_PUBLIC_KEY)});
    CHECK_EQ(session.read(key, CKA_MODULUS)->size(), 256U);
    CHECK_EQ(hex(*session.read(key, CKA_PUBLIC_EXPONENT)), "010001");
    CHECK_EQ(session.number(key, CKA_MODULUS_BITS), 2048U);
    CHECK_EQ(session.flag(key, CKA_VERIFY), std::optional(true));
    for (const auto type :
         {CKA_EXTRACTABLE, CKA_NEVER_EXTRACTABLE, CKA_SENSITIVE, CKA_ALWAYS_SENSITIVE, CKA_SIGN, CKA_VALUE})
        CHECK_EQ(session.code(key, type), CKR_ATTRIBUTE_TYPE_INVALID);
}

TEST(vendor_attributes_tell_what_vouches_for_the_key) {
    const Real real;
    const OpenSession session(real.module);
    for (const auto object_class : {CKO_PUBLIC_KEY, CKO_PRIVATE_KEY}) {
        const auto key = session.only({entry(CKA_CLASS, object_class)});
        CHECK_EQ(session.flag(key, CKA_MHSMATTEST_VERDICT), std::optional(true));
        CHECK_EQ(hex(*session.read(key, CKA_MHSMATTEST_OWNER_ROOT_SHA256)), sample_pool_root);
        CHECK_EQ(hex(*session.read(key, CKA_MHSMATTEST_HSM_ROOT_SHA256)), sample_hsm_root);
        CHECK_EQ(session.text(key, CKA_MHSMATTEST_OWNER_TRUST), "pinned");
        CHECK_EQ(session.text(key, CKA_MHSMATTEST_POOL), sample_pool);
        CHECK_EQ(session.text(key, CKA_MHSMATTEST_HSM_SERIAL), "5.3G2142-ICM003565");
        CHECK_EQ(session.text(key, CKA_MHSMATTEST_KEY_URL), restored_kid);
        CHECK_CONTAINS(session.text(key, CKA_MHSMATTEST_REPORT), "\"verdict\":\"verified\"");
    }
}

TEST(sensitive_values_are_there_and_never_shown) {
    const Real real;
    const OpenSession session(real.module);
    const auto key = session.only({entry(CKA_CLASS, CKO_PRIVATE_KEY)});
    for (const auto type :
         {CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_PRIME_2, CKA_EXPONENT_1, CKA_EXPONENT_2, CKA_COEFFICIENT})
        CHECK_EQ(session.code(key, type), CKR_ATTRIBUTE_SENSITIVE);
    CHECK_EQ(session.find({{CKA_PRIVATE_EXPONENT, {}}}).size(), 0U);
}

TEST(each_entry_of_a_template_is_answered) {
    const Real real;
    const OpenSession session(real.module);
    const auto key = session.only({entry(CKA_CLASS, CKO_PRIVATE_KEY)});
    char small[4];
    char label[64];
    CK_ULONG type = 0;
    CK_ATTRIBUTE asked[] = {{CKA_PRIME_1, small, sizeof small}, {CKA_VALUE_BITS, small, sizeof small},
                            {CKA_ID, small, sizeof small},      {CKA_LABEL, label, sizeof label},
                            {CKA_KEY_TYPE, &type, sizeof type}, {CKA_ID, nullptr, 0}};
    type = 77;
    CHECK_EQ(real.module->C_GetAttributeValue(session.handle(), key, asked, 6), CKR_ATTRIBUTE_SENSITIVE);
    for (const std::size_t unanswered : {0U, 1U, 2U})
        CHECK_EQ(asked[unanswered].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    CHECK_EQ(asked[3].ulValueLen, 12U);
    CHECK_EQ(std::string(label, 12), "customer_key");
    CHECK_EQ(asked[4].ulValueLen, sizeof type);
    CHECK_EQ(type, CKK_RSA);
    CHECK_EQ(asked[5].ulValueLen, 63U);
}

TEST(a_buffer_that_is_too_small_stays_untouched) {
    const Real real;
    const OpenSession session(real.module);
    const auto key = session.only({entry(CKA_CLASS, CKO_PUBLIC_KEY)});
    Bytes room(255, 0xaa);
    CK_ATTRIBUTE asked{CKA_MODULUS, room.data(), room.size()};
    CHECK_EQ(real.module->C_GetAttributeValue(session.handle(), key, &asked, 1), CKR_BUFFER_TOO_SMALL);
    CHECK_EQ(asked.ulValueLen, CK_UNAVAILABLE_INFORMATION);
    CHECK(std::ranges::all_of(room, [](auto byte) { return byte == 0xaa; }));
    room.resize(300, 0xaa);
    asked = {CKA_MODULUS, room.data(), room.size()};
    CHECK_EQ(real.module->C_GetAttributeValue(session.handle(), key, &asked, 1), CKR_OK);
    CHECK_EQ(asked.ulValueLen, 256U);
    CHECK_EQ(room[256], 0xaa);
}

TEST(templates_match_byte_for_byte) {
    const Real real;
    const OpenSession session(real.module);
    const auto id = entry(CKA_ID, "/keys/key1-hnhgsllilfcl3pdtpld/7071fabc480c0ca186f786a9b78c9456");
    CHECK_EQ(session.find({id}).size(), 2U);
    CHECK_EQ(session.find({id, entry(CKA_CLASS, CKO_PUBLIC_KEY)}).size(), 1U);
    CHECK_EQ(session.find({id, entry(CKA_CLASS, CKO_CERTIFICATE)}).size(), 0U);
    CHECK_EQ(session.find({entry(CKA_ID, "/keys/key1-hnhgsllilfcl3pdtpld/7071fabc480c0ca186f786a9b78c9457")}).size(),
             0U);
    CHECK_EQ(session.find({entry(CKA_ID, "/keys/key1")}).size(), 0U);
    CHECK_EQ(session.find({flag_entry(CKA_NEVER_EXTRACTABLE, true)}).size(), 1U);
    CHECK_EQ(session.find({flag_entry(CKA_NEVER_EXTRACTABLE, false)}).size(), 0U);  // and not the public key
    CHECK_EQ(session.find({flag_entry(CKA_TOKEN, false)}).size(), 0U);
    CHECK_EQ(session.find({flag_entry(CKA_TOKEN, true)}).size(), 7U);
    CHECK_EQ(session.find({flag_entry(CKA_TRUSTED, true)}).size(), 0U);
    CHECK_EQ(session.find({{CKA_START_DATE, {}}}).size(), 2U);  // the empty value
    CHECK_EQ(session.find({{CKA_CLASS, {2}}}).size(), 0U);      // of another size
    CHECK_EQ(session.find({entry(CKA_MHSMATTEST_CERTIFICATE_ROLE, "pool-root")}).size(), 1U);
}

TEST(malformed_templates_are_refused) {
    const Real real;
    const OpenSession session(real.module);
    CK_ATTRIBUTE without_value{CKA_LABEL, nullptr, 3};
    CHECK_EQ(real.module->C_FindObjectsInit(session.handle(), &without_value, 1), CKR_ARGUMENTS_BAD);
    CHECK_EQ(real.module->C_FindObjectsInit(session.handle(), nullptr, 1), CKR_ARGUMENTS_BAD);
    CHECK_EQ(real.module->C_GetAttributeValue(session.handle(), 1, nullptr, 1), CKR_ARGUMENTS_BAD);
    CHECK_EQ(real.module->C_FindObjectsFinal(session.handle()), CKR_OPERATION_NOT_INITIALIZED);
}

TEST(a_search_has_a_beginning_and_an_end) {
    const Real real;
    const OpenSession session(real.module);
    CK_OBJECT_HANDLE object = 0;
    CK_ULONG number = 0;
    const auto handle = session.handle();
    CHECK_EQ(real.module->C_FindObjects(handle, &object, 1, &number), CKR_OPERATION_NOT_INITIALIZED);
    CHECK_EQ(real.module->C_FindObjectsInit(handle, nullptr, 0), CKR_OK);
    CHECK_EQ(real.module->C_FindObjectsInit(handle, nullptr, 0), CKR_OPERATION_ACTIVE);
    CHECK_EQ(real.module->C_FindObjects(handle, nullptr, 1, &number), CKR_ARGUMENTS_BAD);
    CHECK_EQ(real.module->C_FindObjects(handle, &object, 1, nullptr), CKR_ARGUMENTS_BAD);
    CHECK_EQ(real.module->C_FindObjects(handle, &object, 0, &number), CKR_OK);
    CHECK_EQ(number, 0U);
    CHECK_EQ(real.module->C_FindObjects(handle, &object, 1, &number), CKR_OK);
    CHECK_EQ(number, 1U);
    CHECK_EQ(real.module->C_FindObjectsFinal(handle), CKR_OK);
}

TEST(handles_that_name_nothing) {
    const Real real;
    const OpenSession session(real.module);
    CK_ATTRIBUTE asked{CKA_CLASS, nullptr, 0};
    CK_ULONG size = 0;
    for (const CK_OBJECT_HANDLE handle : {CK_OBJECT_HANDLE{0}, CK_OBJECT_HANDLE{8}, ~CK_OBJECT_HANDLE{0}}) {
        CHECK_EQ(real.module->C_GetAttributeValue(session.handle(), handle, &asked, 1), CKR_OBJECT_HANDLE_INVALID);
        CHECK_EQ(real.module->C_GetObjectSize(session.handle(), handle, &size), CKR_OBJECT_HANDLE_INVALID);
    }
    CHECK_EQ(real.module->C_GetObjectSize(session.handle(), 1, &size), CKR_OK);
    CHECK(size > 1000);
}

TEST(unique_ids_are_unique_and_stay) {
    std::vector<std::string> ids[2];
    for (auto &run : ids) {
        const Real real;
        const OpenSession session(real.module);
        for (const auto object : session.find({})) run.push_back(session.text(object, CKA_UNIQUE_ID));
    }
    CHECK(ids[0] == ids[1]);
    std::ranges::sort(ids[0]);
    CHECK(std::ranges::adjacent_find(ids[0]) == ids[0].end());
}
