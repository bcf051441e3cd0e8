/*
 * The PKCS#11 module under test, for test programs that open every session for writing: passes everything on, but
 * takes CKF_RW_SESSION out, which a write-protected token rightly refuses, and claims it was granted. MHSM_PKCS11_MODULE names the module.
 */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdlib.h>
#include <string.h>

static CK_FUNCTION_LIST functions;
static CK_C_OpenSession open_session;
static CK_C_GetSessionInfo get_session_info;

static CK_RV open_for_reading(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
                              CK_SESSION_HANDLE *session) {
    return open_session(slot, flags & ~CKF_RW_SESSION, application, notify, session);
}

static CK_RV info_for_writing(CK_SESSION_HANDLE session, CK_SESSION_INFO *info) {
    CK_RV code = get_session_info(session, info);
    if (code == CKR_OK) info->flags |= CKF_RW_SESSION;
    return code;
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list) {
    const char *path = getenv("MHSM_PKCS11_MODULE");
    void *library = path != NULL ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    void *symbol = library != NULL ? dlsym(library, "C_GetFunctionList") : NULL;
    CK_C_GetFunctionList get = NULL;
    CK_FUNCTION_LIST *real = NULL;
    if (symbol == NULL) return CKR_GENERAL_ERROR;
    memcpy(&get, &symbol, sizeof get);
    if (get(&real) != CKR_OK) return CKR_GENERAL_ERROR;
    functions = *real;
    open_session = real->C_OpenSession;
    get_session_info = real->C_GetSessionInfo;
    functions.C_OpenSession = open_for_reading;
    functions.C_GetSessionInfo = info_for_writing;
    *list = &functions;
    return CKR_OK;
}
