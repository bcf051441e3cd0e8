// One token: the verified objects of one source.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "evidence_source.h"
#include "objects.h"

namespace mhsm::pkcs11 {

// What a source came to. Only evidence that verified contributes anything.
struct Contents {
    std::vector<Object> objects;  // keys in the order of the evidence, then certificates; handle = index + 1
    std::string label, manufacturer, model, serial;
    CK_VERSION firmware{};
    bool flawed = false;  // something did not verify or could not be had
};

// Gathers, verifies and turns into objects. Throws std::bad_alloc only.
Contents load_contents(const NamedSource &source, const Shared &shared);

class Token {
public:
    Token(NamedSource source, const Shared &shared) : source_(std::move(source)), shared_(shared) {}

    const NamedSource &source() const { return source_; }

    // Loaded by the first who asks, while others wait; never changes afterwards.
    const Contents &contents() const;
    bool loaded() const;

    // CKR_OBJECT_HANDLE_INVALID as an Error.
    const Object &object(CK_OBJECT_HANDLE handle) const;

private:
    NamedSource source_;
    const Shared &shared_;
    mutable std::mutex mutex_;
    mutable std::unique_ptr<const Contents> contents_;
};

}  // namespace mhsm::pkcs11
