// The one instance of this process, and what becomes of it in a child after fork(2).
#pragma once

#include <memory>

#include "instance.h"

namespace mhsm::pkcs11 {

// CKR_CRYPTOKI_NOT_INITIALIZED as an Error; so it is in a child until it calls C_Initialize itself.
std::shared_ptr<Instance> current_instance();

void initialize_process(const char *reserved, bool may_create_threads);  // CKR_CRYPTOKI_ALREADY_INITIALIZED
void finalize_process();                                                 // CKR_CRYPTOKI_NOT_INITIALIZED

}  // namespace mhsm::pkcs11
