// Objects: finding them, and reading what they state.
#include <algorithm>

#include "entries.h"
#include "guard.h"

namespace mhsm::pkcs11 {

CK_RV get_object_size(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG *size) noexcept {
    return with_session(session, [=](const Instance &, const Session &open) -> CK_RV {
        const auto &found = open.token.object(object);
        require_argument(size != nullptr);
        *size = found.size();
        return CKR_OK;
    });
}

CK_RV get_attribute_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *entries,
                          CK_ULONG number) noexcept {
    return with_session(session, [=](const Instance &, const Session &open) -> CK_RV {
        const auto &found = open.token.object(object);
        require_argument(entries != nullptr || number == 0);
        return read_attributes(found, entries, number);
    });
}

CK_RV find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *entries, CK_ULONG number) noexcept {
    return with_session(session, [=](const Instance &, Session &open) -> CK_RV {
        if (open.search) return CKR_OPERATION_ACTIVE;
        require(check_template(entries, number));
        Search search;
        const auto &objects = open.token.contents().objects;
        for (std::size_t i = 0; i < objects.size(); ++i)
            if (matches(objects[i], entries, number)) search.found.push_back(i + 1);
        open.search = std::move(search);
        return CKR_OK;
    });
}

CK_RV find_objects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *list, CK_ULONG most, CK_ULONG *number) noexcept {
    return with_session(session, [=](const Instance &, Session &open) -> CK_RV {
        if (!open.search) return CKR_OPERATION_NOT_INITIALIZED;
        require_argument(number != nullptr && (list != nullptr || most == 0));
        auto &search = *open.search;
        const auto count = std::min<std::size_t>(most, search.found.size() - search.next);
        for (std::size_t i = 0; i < count; ++i) list[i] = search.found[search.next + i];
        search.next += count;
        *number = count;
        return CKR_OK;
    });
}

CK_RV find_objects_final(CK_SESSION_HANDLE session) noexcept {
    return with_session(session, [](const Instance &, Session &open) -> CK_RV {
        if (!open.search) return CKR_OPERATION_NOT_INITIALIZED;
        open.search.reset();
        return CKR_OK;
    });
}

}  // namespace mhsm::pkcs11
