#include <stdexcept>

#include "encoding.h"
#include "mhsmattest-pkcs11.h"
#include "objects.h"

namespace mhsm::pkcs11 {
namespace {

// Values of CKA_CERTIFICATE_CATEGORY, which p11-kit's header has no names for.
constexpr CK_ULONG authority = 2;
constexpr CK_ULONG other_entity = 3;

// CK_DATE: YYYYMMDD.
Bytes date(std::int64_t seconds) {
    const auto text = utc_time(seconds);  // 2026-01-31T12:00:00Z
    constexpr std::size_t expected = 20;
    if (text.size() != expected) throw std::runtime_error("a certificate with a date that has no year of four digits");
    const auto digits = text.substr(0, 4) + text.substr(5, 2) + text.substr(8, 2);
    return {digits.begin(), digits.end()};
}

}  // namespace

Object certificate_object(OSSL_LIB_CTX *libctx, const CertificateFacts &facts) {
    const auto certificate = parse_certificate(libctx, facts.der);
    if (!certificate) throw std::runtime_error("a verified certificate that libcrypto does not read");
    const auto parts = certificate_parts(certificate.get());
    Object made;
    made.set_number(CKA_CLASS, CKO_CERTIFICATE);
    made.set_number(CKA_CERTIFICATE_TYPE, CKC_X_509);
    const bool issues = facts.role != "partition" && facts.role != "owner-partition";
    made.set_number(CKA_CERTIFICATE_CATEGORY, issues ? authority : other_entity);
    made.set_flag(CKA_TOKEN, true);
    for (const auto type : {CKA_PRIVATE, CKA_MODIFIABLE, CKA_DESTROYABLE, CKA_TRUSTED}) made.set_flag(type, false);
    made.set_text(CKA_LABEL, facts.role + ": " + display_name(certificate.get()));
    made.set(CKA_ID, from_hex(facts.sha256));
    made.set(CKA_VALUE, facts.der);
    made.set(CKA_SUBJECT, parts.subject);
    made.set(CKA_ISSUER, parts.issuer);
    made.set(CKA_SERIAL_NUMBER, parts.serial);
    made.set(CKA_PUBLIC_KEY_INFO, parts.public_key);
    made.set(CKA_START_DATE, date(facts.not_before));
    made.set(CKA_END_DATE, date(facts.not_after));
    auto check_value = digest(libctx, "SHA1", facts.der);
    check_value.resize(3);  // as PKCS#11 defines it for certificates
    made.set(CKA_CHECK_VALUE, std::move(check_value));
    made.set_text(CKA_UNIQUE_ID, facts.sha256);
    made.set_text(CKA_MHSMATTEST_CERTIFICATE_ROLE, facts.role);
    return made;
}

}  // namespace mhsm::pkcs11
