#include "module_fixture.h"

#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "forge.h"
#include "samples.h"

namespace mhsm::test {
namespace {

std::vector<CK_ATTRIBUTE> as_template(std::vector<Entry> &entries) {
    std::vector<CK_ATTRIBUTE> attributes;
    for (auto &[type, value] : entries) attributes.push_back({type, value.data(), value.size()});
    return attributes;
}

template <class T>
T as(const Bytes &bytes) {
    T value{};
    CHECK_EQ(bytes.size(), sizeof value);
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

}  // namespace

Module::Module() : library_(::dlopen(MHSM_PKCS11_MODULE, RTLD_NOW | RTLD_LOCAL)) {
    if (library_ == nullptr) throw std::runtime_error(::dlerror());
    const auto get = reinterpret_cast<CK_C_GetFunctionList>(symbol("C_GetFunctionList"));
    CHECK_EQ(get(&list_), CKR_OK);
}

Module::~Module() {
    static_cast<void>(list_->C_Finalize(nullptr));
    ::dlclose(library_);
}

void *Module::symbol(const char *name) const {
    void *found = ::dlsym(library_, name);
    if (found == nullptr) throw std::runtime_error(std::string("no symbol ") + name);
    return found;
}

CK_RV Module::initialize(const std::string &reserved) {
    std::string text = "config=/dev/null cache-dir=none " + reserved;
    CK_C_INITIALIZE_ARGS args{};
    args.flags = CKF_OS_LOCKING_OK;
    args.pReserved = text.data();
    return list_->C_Initialize(&args);
}

void Module::start(const std::string &reserved) { CHECK_EQ(initialize(reserved), CKR_OK); }

Entry entry(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
    Bytes bytes(sizeof value);
    std::memcpy(bytes.data(), &value, sizeof value);
    return {type, bytes};
}
Entry entry(CK_ATTRIBUTE_TYPE type, std::string_view value) { return {type, Bytes(value.begin(), value.end())}; }
Entry flag_entry(CK_ATTRIBUTE_TYPE type, bool value) { return {type, {static_cast<std::uint8_t>(value ? 1 : 0)}}; }

OpenSession::OpenSession(const Module &module, CK_SLOT_ID slot) : module_(module) {
    CHECK_EQ(module->C_OpenSession(slot, CKF_SERIAL_SESSION, nullptr, nullptr, &handle_), CKR_OK);
}

OpenSession::~OpenSession() { static_cast<void>(module_->C_CloseSession(handle_)); }

std::vector<CK_OBJECT_HANDLE> OpenSession::find(std::vector<Entry> entries) const {
    auto attributes = as_template(entries);
    CHECK_EQ(module_->C_FindObjectsInit(handle_, attributes.data(), attributes.size()), CKR_OK);
    std::vector<CK_OBJECT_HANDLE> found;
    for (;;) {
        CK_OBJECT_HANDLE some[3];  // so that larger results come in pieces
        CK_ULONG number = 0;
        CHECK_EQ(module_->C_FindObjects(handle_, some, 3, &number), CKR_OK);
        if (number == 0) break;
        found.insert(found.end(), some, some + number);
    }
    CHECK_EQ(module_->C_FindObjectsFinal(handle_), CKR_OK);
    return found;
}

CK_OBJECT_HANDLE OpenSession::only(std::vector<Entry> entries) const {
    const auto found = find(std::move(entries));
    CHECK_EQ(found.size(), 1U);
    return found[0];
}

std::optional<Bytes> OpenSession::read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
    CK_ATTRIBUTE asked{type, nullptr, 0};
    if (module_->C_GetAttributeValue(handle_, object, &asked, 1) != CKR_OK) {
        CHECK_EQ(asked.ulValueLen, CK_UNAVAILABLE_INFORMATION);
        return std::nullopt;
    }
    Bytes value(asked.ulValueLen);
    asked.pValue = value.data();
    CHECK_EQ(module_->C_GetAttributeValue(handle_, object, &asked, 1), CKR_OK);
    CHECK_EQ(asked.ulValueLen, value.size());
    return value;
}

std::string OpenSession::text(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
    const auto value = read(object, type);
    CHECK(value.has_value());
    return {value->begin(), value->end()};
}

CK_ULONG OpenSession::number(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
    const auto value = read(object, type);
    CHECK(value.has_value());
    return as<CK_ULONG>(*value);
}

std::optional<bool> OpenSession::flag(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
    const auto value = read(object, type);
    return value ? std::optional(as<CK_BBOOL>(*value) == CK_TRUE) : std::nullopt;
}

CK_RV OpenSession::code(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
    CK_ATTRIBUTE asked{type, nullptr, 0};
    return module_->C_GetAttributeValue(handle_, object, &asked, 1);
}

FakePool::FakePool() {
    ::setenv("MHSM_FAKE_POOL", folder.path().c_str(), 1);
    const auto anchors = forge::anchors();
    location = "mhsm://" + anchors.pool + ".managedhsm.azure.net";
    hsm_root = folder.write("hsm-root.pem", anchors.hsm_root);
    add("rsa.json", forge::mint("genuine-rsa-2048-fw2").evidence, anchors.pool);
    add("ec.json", forge::mint("genuine-p-256-fw2").evidence, anchors.pool);
}

std::string FakePool::url_of(const std::string &evidence) {
    const auto start = evidence.find("https://");
    return evidence.substr(start, evidence.find('"', start) - start);
}

void FakePool::add(const std::string &name, const std::string &evidence, const std::string &tls_pool) {
    folder.write(name, evidence);
    lines += name + " " + tls_pool + " " + url_of(evidence) + "\n";
    folder.write("pool.txt", lines);
}

std::string FakePool::settings() const {
    return "fetch-library=" MHSM_FAKE_FETCH " attime=" + std::to_string(forge::verification_time) +
           " hsm-roots=" + hsm_root + " source=" + location;
}

std::string real_source() {
    return "owner-pins=sha256:" + std::string(sample_pool_root) + " attime=" + std::to_string(sample_time) +
           " source=" MHSM_SOURCE_DIR "/tests/vectors/azure/rsa-2048-fw2-names-restored.json";
}

std::string forged_settings(const Folder &folder) {
    const auto anchors = forge::anchors();
    return "owner-pins=sha256:" + anchors.pool_root_sha256 + " attime=" + std::to_string(forge::verification_time) +
           " hsm-roots=" + folder.write("hsm-root.pem", anchors.hsm_root);
}

std::string source_of(const Folder &folder, std::string_view evidence) {
    return forged_settings(folder) + " source=" + folder.write("evidence.json", evidence);
}

std::string forged_source(const Folder &folder, std::string_view name) {
    return source_of(folder, forge::mint(name).evidence);
}

}  // namespace mhsm::test
