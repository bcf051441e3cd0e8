// Templates as an application may fill them in, against a token with the real evidence: what C_FindObjects finds is
// exactly what C_GetAttributeValue confirms, and neither touches a byte it was not given.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "core/reader.h"
#include "entries.h"
#include "mhsmattest-pkcs11.h"
#include "property.h"

using namespace mhsm;
using namespace mhsm::pkcs11;
using fuzz::require_property;

namespace {

constexpr CK_ATTRIBUTE_TYPE types[] = {CKA_CLASS,
                                       CKA_TOKEN,
                                       CKA_PRIVATE,
                                       CKA_LABEL,
                                       CKA_ID,
                                       CKA_KEY_TYPE,
                                       CKA_MODULUS,
                                       CKA_EXTRACTABLE,
                                       CKA_NEVER_EXTRACTABLE,
                                       CKA_SENSITIVE,
                                       CKA_VALUE,
                                       CKA_PRIVATE_EXPONENT,
                                       CKA_START_DATE,
                                       CKA_TRUSTED,
                                       CKA_CHECK_VALUE,
                                       CKA_PUBLIC_EXPONENT,
                                       CKA_UNIQUE_ID,
                                       CKA_MHSMATTEST_VERDICT,
                                       CKA_EC_POINT,
                                       CKA_MODULUS_BITS,
                                       CKA_MHSMATTEST_CERTIFICATE_ROLE,
                                       CKA_PRIME_1,
                                       CKA_WRAP_TEMPLATE,
                                       CKA_MHSMATTEST_OWNER_TRUST};
constexpr CK_OBJECT_HANDLE objects = 7;

CK_SESSION_HANDLE session() {
    static const CK_SESSION_HANDLE handle = [] {
        std::string reserved =
            "config=/dev/null cache-dir=none attime=1767225600 owner-trust=any source=" MHSM_SOURCE_DIR
            "/tests/vectors/azure/rsa-2048-fw2-names-restored.json";
        CK_C_INITIALIZE_ARGS args{};
        args.pReserved = reserved.data();
        CK_SESSION_HANDLE opened = 0;
        require_property(initialize(&args) == CKR_OK, "the module starts");
        require_property(open_session(0, CKF_SERIAL_SESSION, nullptr, nullptr, &opened) == CKR_OK, "a session opens");
        return opened;
    }();
    return handle;
}

// Bytes of an input, front to back; zeros after the end.
class Input {
public:
    Input(const std::uint8_t *data, std::size_t size) : rest_(data, size) {}
    bool empty() const { return rest_.empty(); }
    std::uint8_t byte() {
        const auto taken = bytes(1);
        return taken.empty() ? std::uint8_t{0} : taken[0];
    }
    Bytes bytes(std::size_t count) {
        const auto taken = rest_.first(std::min(count, rest_.size()));
        rest_ = rest_.subspan(taken.size());
        return {taken.begin(), taken.end()};
    }

private:
    ByteView rest_;
};

// The value that an object really has; nothing if it has none to show.
bool true_value(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, Bytes &value) {
    CK_ATTRIBUTE asked{type, nullptr, 0};
    if (get_attribute_value(session(), object, &asked, 1) != CKR_OK) return false;
    value.resize(asked.ulValueLen);
    asked.pValue = value.data();
    if (value.empty()) return true;
    require_property(get_attribute_value(session(), object, &asked, 1) == CKR_OK && asked.ulValueLen == value.size(),
                     "the length that is told is the length that is needed");
    return true;
}

struct Entry {
    CK_ATTRIBUTE_TYPE type;
    Bytes value;
};

// Some values are what an object has, so that searches find something.
Entry make_entry(Input &input) {
    const auto choice = input.byte();
    Entry entry{types[choice % std::size(types)], {}};
    if (choice >= 0xf0) entry.type = CKA_VENDOR_DEFINED | input.byte();
    const auto length = input.byte();
    if (length < 0x80 && true_value(1 + length % objects, entry.type, entry.value)) return entry;
    entry.value = input.bytes(length % 70);
    return entry;
}

void check_search(std::vector<Entry> &entries) {
    std::vector<CK_ATTRIBUTE> attributes;
    for (auto &[type, value] : entries) attributes.push_back({type, value.data(), value.size()});
    require_property(find_objects_init(session(), attributes.data(), attributes.size()) == CKR_OK, "a search begins");
    std::vector<CK_OBJECT_HANDLE> found(objects);
    CK_ULONG number = 0;
    require_property(find_objects(session(), found.data(), found.size(), &number) == CKR_OK, "a search goes on");
    require_property(find_objects_final(session()) == CKR_OK, "a search ends");
    found.resize(number);
    for (CK_OBJECT_HANDLE object = 1; object <= objects; ++object) {
        const bool expected = std::ranges::all_of(entries, [object](const Entry &entry) {
            Bytes value;
            return true_value(object, entry.type, value) && value == entry.value;
        });
        require_property(expected == (std::ranges::find(found, object) != found.end()),
                         "what is found is what matches");
    }
}

// Reads all entries into buffers of the sizes given; under AddressSanitizer a byte too many is the end.
void check_reading(CK_OBJECT_HANDLE object, std::vector<Entry> &entries) {
    std::vector<CK_ATTRIBUTE> attributes;
    for (auto &[type, buffer] : entries) {
        buffer.shrink_to_fit();
        attributes.push_back({type, buffer.data(), buffer.size()});
    }
    const auto code = get_attribute_value(session(), object, attributes.data(), attributes.size());
    bool all = true;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        Bytes value;
        const bool has = true_value(object, entries[i].type, value);
        const bool asked_for_length = attributes[i].pValue == nullptr;
        const bool answered = has && (asked_for_length || value.size() <= entries[i].value.size());
        require_property(attributes[i].ulValueLen == (answered ? value.size() : CK_UNAVAILABLE_INFORMATION),
                         "each entry is answered by itself");
        if (answered && !asked_for_length)
            require_property(std::ranges::equal(value, ByteView(entries[i].value).first(value.size())), "by the value");
        all = all && answered;
    }
    require_property((code == CKR_OK) == all, "CKR_OK says that all were answered");
    require_property(code == CKR_OK || code == CKR_ATTRIBUTE_SENSITIVE || code == CKR_ATTRIBUTE_TYPE_INVALID ||
                         code == CKR_BUFFER_TOO_SMALL,
                     "the standard has this code");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    Input input(data, size);
    const CK_OBJECT_HANDLE object = 1 + input.byte() % objects;
    std::vector<Entry> entries;
    while (!input.empty() && entries.size() < 32) entries.push_back(make_entry(input));
    check_search(entries);
    check_reading(object, entries);
    return 0;
}
