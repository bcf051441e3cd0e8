// An application as far as the PKCS#11 module can tell: it loads it, starts it, and asks for objects.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmocka_cpp.h"
#include "core/reader.h"
#include "cryptoki.h"
#include "folder.h"
#include "mhsmattest-pkcs11.h"

namespace mhsm::test {

// The module, opened with dlopen. Finalizes and unloads it in the end.
class Module {
public:
    Module();
    ~Module();
    Module(const Module &) = delete;
    Module &operator=(const Module &) = delete;

    // C_Initialize with this string; nothing else is configured, whatever this machine has.
    CK_RV initialize(const std::string &reserved);
    void start(const std::string &reserved);  // the same, and fails the test if it does not succeed

    const CK_FUNCTION_LIST *operator->() const { return list_; }
    void *symbol(const char *name) const;

private:
    void *library_;
    CK_FUNCTION_LIST *list_ = nullptr;
};

// One entry of a template that owns its value.
struct Entry {
    CK_ATTRIBUTE_TYPE type;
    Bytes value;
};
Entry entry(CK_ATTRIBUTE_TYPE type, CK_ULONG value);
Entry entry(CK_ATTRIBUTE_TYPE type, std::string_view value);
Entry flag_entry(CK_ATTRIBUTE_TYPE type, bool value);

// A session, and the questions an application asks in it.
class OpenSession {
public:
    explicit OpenSession(const Module &module, CK_SLOT_ID slot = 0);
    ~OpenSession();
    OpenSession(const OpenSession &) = delete;
    OpenSession &operator=(const OpenSession &) = delete;

    CK_SESSION_HANDLE handle() const { return handle_; }
    std::vector<CK_OBJECT_HANDLE> find(std::vector<Entry> entries) const;
    CK_OBJECT_HANDLE only(std::vector<Entry> entries) const;  // fails the test unless there is exactly one
    std::optional<Bytes> read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;  // none: it has no such value
    std::string text(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;
    CK_ULONG number(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;
    std::optional<bool> flag(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;
    CK_RV code(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;

private:
    const Module &module_;
    CK_SESSION_HANDLE handle_ = CK_INVALID_HANDLE;
};

// A pool with two keys, in the fake fetch library. One at a time: its place is in the environment.
class FakePool {
public:
    FakePool();
    static std::string url_of(const std::string &evidence);  // of its key, as the service lists it
    void add(const std::string &name, const std::string &evidence, const std::string &tls_pool);
    std::string settings() const;  // for C_Initialize

    Folder folder;
    std::string location, lines, hsm_root;
};

// Strings for C_Initialize: the real evidence, and what the forge's evidence needs to verify.
std::string real_source();
std::string forged_settings(const Folder &folder);
// With this evidence, or that of this case of the forge, as a file.
std::string source_of(const Folder &folder, std::string_view evidence);
std::string forged_source(const Folder &folder, std::string_view name);

}  // namespace mhsm::test
