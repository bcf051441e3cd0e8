#include "attribute.h"

#include <algorithm>
#include <cstring>

namespace mhsm::pkcs11 {
namespace {

CK_RV read_one(const Object &object, CK_ATTRIBUTE &entry) {
    const auto *value = object.find(entry.type);
    if (value == nullptr) {
        entry.ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return object.is_sensitive(entry.type) ? CKR_ATTRIBUTE_SENSITIVE : CKR_ATTRIBUTE_TYPE_INVALID;
    }
    if (entry.pValue != nullptr) {
        if (entry.ulValueLen < value->size()) {
            entry.ulValueLen = CK_UNAVAILABLE_INFORMATION;
            return CKR_BUFFER_TOO_SMALL;
        }
        if (!value->empty()) std::memcpy(entry.pValue, value->data(), value->size());
    }
    entry.ulValueLen = value->size();
    return CKR_OK;
}

}  // namespace

void Object::set(AttributeType type, Bytes value) { set_shared(type, std::make_shared<const Bytes>(std::move(value))); }

void Object::set_shared(AttributeType type, SharedBytes value) { values_[type] = std::move(value); }

void Object::set_flag(AttributeType type, bool value) {
    set(type, {static_cast<std::uint8_t>(value ? CK_TRUE : CK_FALSE)});
}

void Object::set_number(AttributeType type, CK_ULONG value) {
    Bytes bytes(sizeof value);
    std::memcpy(bytes.data(), &value, sizeof value);
    set(type, std::move(bytes));
}

void Object::set_text(AttributeType type, std::string_view value) { set(type, Bytes(value.begin(), value.end())); }

void Object::set_sensitive(AttributeType type) { sensitive_.insert(type); }

const Bytes *Object::find(AttributeType type) const {
    const auto found = values_.find(type);
    return found != values_.end() && !is_sensitive(type) ? found->second.get() : nullptr;
}

bool Object::states(AttributeType type, bool value) const {
    const auto *found = find(type);
    return found != nullptr && *found == Bytes{static_cast<std::uint8_t>(value ? CK_TRUE : CK_FALSE)};
}

std::size_t Object::size() const {
    std::size_t total = 0;
    for (const auto &[type, value] : values_) total += value->size();
    return total;
}

CK_RV read_attributes(const Object &object, CK_ATTRIBUTE *entries, CK_ULONG number) {
    CK_RV result = CKR_OK;
    for (CK_ULONG i = 0; i < number; ++i) {
        const auto code = read_one(object, entries[i]);
        if (result == CKR_OK) result = code;
    }
    return result;
}

CK_RV check_template(const CK_ATTRIBUTE *entries, CK_ULONG number) {
    if (number != 0 && entries == nullptr) return CKR_ARGUMENTS_BAD;
    for (CK_ULONG i = 0; i < number; ++i)
        if (entries[i].pValue == nullptr && entries[i].ulValueLen != 0) return CKR_ARGUMENTS_BAD;
    return CKR_OK;
}

bool matches(const Object &object, const CK_ATTRIBUTE *entries, CK_ULONG number) {
    return std::all_of(entries, entries + number, [&object](const CK_ATTRIBUTE &entry) {
        const auto *value = object.find(entry.type);
        if (value == nullptr || value->size() != entry.ulValueLen) return false;
        return value->empty() || std::memcmp(value->data(), entry.pValue, value->size()) == 0;
    });
}

}  // namespace mhsm::pkcs11
