// What the libcrypto that loaded this provider lets it do: errors, configuration, its BIOs.
#pragma once

#include <openssl/core_dispatch.h>

#include <cstddef>
#include <optional>
#include <string>

#include "error.h"

namespace mhsm::provider {

class Upcalls {
public:
    Upcalls(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *table);

    // Whether the core offers everything that is needed.
    bool complete() const;

    // Adds one entry to the error queue. `entry` is the function to name where the error's own is a lambda.
    void raise(const Error &error, const char *entry) const noexcept;
    void raise_out_of_memory() const noexcept;
    void raise_internal(const char *detail) const noexcept;

    // A module parameter; none if it is not set.
    std::optional<std::string> parameter(const char *name) const;

    // Up to `size` bytes; 0 at the end.
    std::size_t read(OSSL_CORE_BIO *bio, void *buffer, std::size_t size) const;
    bool write(OSSL_CORE_BIO *bio, std::string_view text) const;
    long tell(OSSL_CORE_BIO *bio) const;  // negative if the BIO cannot tell
    void seek(OSSL_CORE_BIO *bio, long position) const;

private:
    void put(int number, const char *file, int line, const char *function, const char *format, ...) const noexcept
        __attribute__((format(printf, 6, 7)));

    const OSSL_CORE_HANDLE *handle_;
    OSSL_FUNC_core_get_params_fn *get_params_ = nullptr;
    OSSL_FUNC_core_new_error_fn *new_error_ = nullptr;
    OSSL_FUNC_core_set_error_debug_fn *set_error_debug_ = nullptr;
    OSSL_FUNC_core_vset_error_fn *vset_error_ = nullptr;
    OSSL_FUNC_BIO_read_ex_fn *bio_read_ = nullptr;
    OSSL_FUNC_BIO_write_ex_fn *bio_write_ = nullptr;
    OSSL_FUNC_BIO_ctrl_fn *bio_ctrl_ = nullptr;
};

}  // namespace mhsm::provider
