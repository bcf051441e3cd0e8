// RSA, EC and AES keys of both firmware layouts: encodings, and what is not there.
#include "encodings.h"
#include "module_fixture.h"
#include "samples.h"

using namespace mhsm;
using namespace mhsm::test;

TEST(every_kind_of_key_shows_its_objects) {
    for (const std::string kind :
         {"rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384", "p-521", "p-256k", "aes-128", "aes-192", "aes-256"})
        for (const auto *layout : {"fw2", "fw3"}) {
            const auto name = "genuine-" + kind + "-" + layout;
            const Context context(name);
            const Folder folder;
            Module module;
            module.start(forged_source(folder, name));
            const OpenSession session(module);
            const bool symmetric = kind.starts_with("aes");
            CHECK_EQ(session.find({entry(CKA_CLASS, CKO_SECRET_KEY)}).size(), symmetric ? 1U : 0U);
            CHECK_EQ(session.find({entry(CKA_CLASS, CKO_PUBLIC_KEY)}).size(), symmetric ? 0U : 1U);
            CHECK_EQ(session.find({entry(CKA_CLASS, CKO_PRIVATE_KEY)}).size(), symmetric ? 0U : 1U);
            CHECK_EQ(session.find({flag_entry(CKA_NEVER_EXTRACTABLE, true)}).size(), 1U);
            CHECK_EQ(session.find({entry(CKA_MHSMATTEST_FIRMWARE_LAYOUT, layout[2] == '2' ? "2.x" : "3.x")}).size(),
                     symmetric ? 1U : 2U);
        }
}

TEST(ec_points_and_curves_in_der) {
    struct Row {
        const char *kind, *oid;
        std::size_t point;  // bytes of 04||X||Y
    };
    for (const auto &[kind, oid, point_size] :
         {Row{"p-256", "06082a8648ce3d030107", 65}, Row{"p-384", "06052b81040022", 97},
          Row{"p-521", "06052b81040023", 133}, Row{"p-256k", "06052b8104000a", 65}}) {
        const Context context(kind);
        const Folder folder;
        Module module;
        module.start(forged_source(folder, std::string("genuine-") + kind + "-fw2"));
        const OpenSession session(module);
        const auto key = session.only({entry(CKA_CLASS, CKO_PUBLIC_KEY)});
        CHECK_EQ(session.number(key, CKA_KEY_TYPE), CKK_EC);
        CHECK_EQ(hex(*session.read(key, CKA_EC_PARAMS)), oid);
        const auto content = octet_string_content(*session.read(key, CKA_EC_POINT));
        CHECK_EQ(content.size(), point_size);
        CHECK_EQ(content[0], 4);
        CHECK(content == public_point(*session.read(key, CKA_PUBLIC_KEY_INFO)));
        // The HSM states the point as CKA_MODULUS; PKCS#11 has no such attribute of an EC key.
        CHECK_EQ(session.code(key, CKA_MODULUS), CKR_ATTRIBUTE_TYPE_INVALID);
        const auto half = session.only({entry(CKA_CLASS, CKO_PRIVATE_KEY)});
        CHECK_EQ(hex(*session.read(half, CKA_EC_PARAMS)), oid);
        CHECK_EQ(session.code(half, CKA_EC_POINT), CKR_ATTRIBUTE_TYPE_INVALID);
        CHECK_EQ(session.code(half, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE);
    }
}

TEST(secret_keys_state_their_length_and_hide_their_value) {
    const Folder folder;
    Module module;
    module.start(forged_source(folder, "genuine-aes-256-fw2"));
    const OpenSession session(module);
    const auto key = session.only({entry(CKA_CLASS, CKO_SECRET_KEY)});
    CHECK_EQ(session.number(key, CKA_KEY_TYPE), CKK_AES);
    CHECK_EQ(session.number(key, CKA_VALUE_LEN), 32U);
    CHECK_EQ(session.number(key, CKA_KEY_GEN_MECHANISM), 0x1080U);
    CHECK_EQ(session.code(key, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE);
    CHECK_EQ(session.read(key, CKA_CHECK_VALUE)->size(), 3U);
    CHECK_EQ(session.code(key, CKA_PUBLIC_KEY_INFO), CKR_ATTRIBUTE_TYPE_INVALID);
}

TEST(what_the_hsm_did_not_state_is_not_there) {
    // Genuine in every other way; without a policy an absent attribute is no failure.
    for (const auto *name : {"policy-never-extractable-rsa-2048-absent", "policy-local-rsa-2048-absent"}) {
        const Context context(name);
        const Folder folder;
        Module module;
        module.start(forged_source(folder, name));
        const OpenSession session(module);
        const auto key = session.only({entry(CKA_CLASS, CKO_PRIVATE_KEY)});
        const auto absent =
            std::string_view(name).find("local") == std::string_view::npos ? CKA_NEVER_EXTRACTABLE : CKA_LOCAL;
        CHECK_EQ(session.code(key, absent), CKR_ATTRIBUTE_TYPE_INVALID);
        CHECK_EQ(session.find({flag_entry(absent, true), entry(CKA_CLASS, CKO_PRIVATE_KEY)}).size(), 0U);
        CHECK_EQ(session.find({flag_entry(absent, false), entry(CKA_CLASS, CKO_PRIVATE_KEY)}).size(), 0U);
    }
}

TEST(certificates_are_whole_and_never_trusted) {
    Module module;
    module.start(real_source());
    const OpenSession session(module);
    for (const auto object : session.find({entry(CKA_CLASS, CKO_CERTIFICATE)})) {
        const auto role = session.text(object, CKA_MHSMATTEST_CERTIFICATE_ROLE);
        const Context context(role);
        CHECK_EQ(session.number(object, CKA_CERTIFICATE_TYPE), CK_ULONG{CKC_X_509});
        CHECK_EQ(session.flag(object, CKA_TRUSTED), std::optional(false));
        const auto certificate = parse_certificate(nullptr, *session.read(object, CKA_VALUE));
        CHECK(certificate != nullptr);
        CHECK(*session.read(object, CKA_SUBJECT) == name_der(X509_get_subject_name(certificate.get())));
        CHECK(*session.read(object, CKA_ISSUER) == name_der(X509_get_issuer_name(certificate.get())));
        CHECK_EQ(session.read(object, CKA_SERIAL_NUMBER)->front(), 2);
        CHECK_EQ(session.text(object, CKA_END_DATE).size(), 8U);
        CHECK_EQ(hex(*session.read(object, CKA_ID)), fingerprint(nullptr, certificate.get()));
    }
    const auto root = session.only({entry(CKA_MHSMATTEST_CERTIFICATE_ROLE, "pool-root")});
    CHECK_EQ(session.text(root, CKA_START_DATE), "20250508");
    CHECK_EQ(session.text(root, CKA_END_DATE), "20500502");
    CHECK_EQ(session.number(root, CKA_CERTIFICATE_CATEGORY), 2U);
}
