#include "upcalls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include <cstdarg>

namespace mhsm::provider {

Upcalls::Upcalls(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *table) : handle_(handle) {
    for (; table != nullptr && table->function_id != 0; ++table) {
        switch (table->function_id) {
            case OSSL_FUNC_CORE_GET_PARAMS: get_params_ = OSSL_FUNC_core_get_params(table); break;
            case OSSL_FUNC_CORE_NEW_ERROR: new_error_ = OSSL_FUNC_core_new_error(table); break;
            case OSSL_FUNC_CORE_SET_ERROR_DEBUG: set_error_debug_ = OSSL_FUNC_core_set_error_debug(table); break;
            case OSSL_FUNC_CORE_VSET_ERROR: vset_error_ = OSSL_FUNC_core_vset_error(table); break;
            case OSSL_FUNC_BIO_READ_EX: bio_read_ = OSSL_FUNC_BIO_read_ex(table); break;
            case OSSL_FUNC_BIO_WRITE_EX: bio_write_ = OSSL_FUNC_BIO_write_ex(table); break;
            case OSSL_FUNC_BIO_CTRL: bio_ctrl_ = OSSL_FUNC_BIO_ctrl(table); break;
            default: break;
        }
    }
}

bool Upcalls::complete() const {
    return get_params_ != nullptr && new_error_ != nullptr && set_error_debug_ != nullptr && vset_error_ != nullptr &&
           bio_read_ != nullptr && bio_write_ != nullptr && bio_ctrl_ != nullptr;
}

void Upcalls::put(int number, const char *file, int line, const char *function, const char *format,
                  ...) const noexcept {
    if (new_error_ == nullptr || set_error_debug_ == nullptr || vset_error_ == nullptr) return;
    std::va_list arguments;
    va_start(arguments, format);
    new_error_(handle_);
    set_error_debug_(handle_, file, line, function);
    vset_error_(handle_, static_cast<std::uint32_t>(number), format, arguments);
    va_end(arguments);
}

void Upcalls::raise(const Error &error, const char *entry) const noexcept {
    const bool lambda = std::string_view(error.function) == "operator()";
    put(error.number, error.file, error.line, lambda ? entry : error.function, "%s", error.data.c_str());
}

void Upcalls::raise_out_of_memory() const noexcept {
    put(ERR_R_MALLOC_FAILURE, __builtin_FILE(), __LINE__, "mhsmattest", "%s", "no memory for the evidence");
}

void Upcalls::raise_internal(const char *detail) const noexcept {
    put(static_cast<int>(Reason::internal), __builtin_FILE(), __LINE__, "mhsmattest", "%s; please report it", detail);
}

std::optional<std::string> Upcalls::parameter(const char *name) const {
    char *value = nullptr;
    OSSL_PARAM request[] = {OSSL_PARAM_construct_utf8_ptr(name, &value, 0), OSSL_PARAM_construct_end()};
    if (get_params_(handle_, request) != 1 || value == nullptr) return std::nullopt;
    return std::string(value);
}

std::size_t Upcalls::read(OSSL_CORE_BIO *bio, void *buffer, std::size_t size) const {
    std::size_t count = 0;
    return bio_read_(bio, buffer, size, &count) == 1 ? count : 0;
}

bool Upcalls::write(OSSL_CORE_BIO *bio, std::string_view text) const {
    while (!text.empty()) {
        std::size_t written = 0;
        if (bio_write_(bio, text.data(), text.size(), &written) != 1 || written == 0) return false;
        text.remove_prefix(written);
    }
    return true;
}

long Upcalls::tell(OSSL_CORE_BIO *bio) const { return bio_ctrl_(bio, BIO_C_FILE_TELL, 0, nullptr); }

void Upcalls::seek(OSSL_CORE_BIO *bio, long position) const {
    if (position >= 0) static_cast<void>(bio_ctrl_(bio, BIO_C_FILE_SEEK, position, nullptr));
}

}  // namespace mhsm::provider
