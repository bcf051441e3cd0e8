// One PKCS#11 object: attributes that were attested, or that follow from what was.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string_view>

#include "core/ossl.h"
#include "cryptoki.h"

namespace mhsm::pkcs11 {

using AttributeType = CK_ATTRIBUTE_TYPE;
using SharedBytes = std::shared_ptr<const Bytes>;

// Values in the form that C_GetAttributeValue hands out. Immutable once its token is loaded.
class Object {
public:
    void set(AttributeType type, Bytes value);
    void set_shared(AttributeType type, SharedBytes value);  // for values that several objects have
    void set_flag(AttributeType type, bool value);           // CK_BBOOL
    void set_number(AttributeType type, CK_ULONG value);     // CK_ULONG
    void set_text(AttributeType type, std::string_view value);
    void set_sensitive(AttributeType type);  // the object has it, and nobody may read it

    const Bytes *find(AttributeType type) const;  // null if absent or sensitive
    bool is_sensitive(AttributeType type) const { return sensitive_.contains(type); }
    bool states(AttributeType type, bool value) const;  // has the CK_BBOOL and it is `value`
    std::size_t size() const;                           // bytes of all values

    // The key that C_VerifyInit and C_EncryptInit use; null of anything but public keys.
    const std::shared_ptr<EVP_PKEY> &public_key() const { return public_key_; }
    void set_public_key(std::shared_ptr<EVP_PKEY> key) { public_key_ = std::move(key); }

private:
    std::map<AttributeType, SharedBytes> values_;
    std::set<AttributeType> sensitive_;
    std::shared_ptr<EVP_PKEY> public_key_;
};

// C_GetAttributeValue: each entry of the template is answered, whatever became of those before it; returns the code
// of the first that could not be.
CK_RV read_attributes(const Object &object, CK_ATTRIBUTE *entries, CK_ULONG number);

// A template of C_FindObjectsInit, checked; CKR_ARGUMENTS_BAD if an entry has a length and no value.
CK_RV check_template(const CK_ATTRIBUTE *entries, CK_ULONG number);

// Whether the object has every attribute of the template, byte for byte. Sensitive ones never match.
bool matches(const Object &object, const CK_ATTRIBUTE *entries, CK_ULONG number);

}  // namespace mhsm::pkcs11
