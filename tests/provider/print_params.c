/*
 * Loads a public key as an application does, through OSSL_STORE and the system's configuration, and prints what it
 * answers: one "name=value" a line. Exit code 1 if there is no key.
 *
 *     print_params uri-or-file [property-query]
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/store.h>

#include <mhsmattest.h>

static EVP_PKEY *load(const char *uri, const char *properties)
{
    EVP_PKEY *key = NULL;
    OSSL_STORE_CTX *store = OSSL_STORE_open_ex(uri, NULL, properties, NULL, NULL, NULL, NULL, NULL);

    if (store == NULL || OSSL_STORE_expect(store, OSSL_STORE_INFO_PUBKEY) != 1)
        goto end;
    while (key == NULL && !OSSL_STORE_eof(store)) {
        OSSL_STORE_INFO *info = OSSL_STORE_load(store);

        if (info == NULL)
            continue;
        key = OSSL_STORE_INFO_get1_PUBKEY(info);
        OSSL_STORE_INFO_free(info);
    }
end:
    OSSL_STORE_close(store);
    return key;
}

static void print(EVP_PKEY *key)
{
    static const char *const numbers[] = {MHSMATTEST_PARAM_ATTESTED,        MHSMATTEST_PARAM_EXTRACTABLE,
                                          MHSMATTEST_PARAM_NEVER_EXTRACTABLE, MHSMATTEST_PARAM_LOCAL,
                                          MHSMATTEST_PARAM_SENSITIVE,       MHSMATTEST_PARAM_ALWAYS_SENSITIVE};
    static const char *const texts[] = {MHSMATTEST_PARAM_KEY_ID,      MHSMATTEST_PARAM_HSM_SERIAL,
                                        MHSMATTEST_PARAM_PARTITION,   MHSMATTEST_PARAM_OWNER_ROOT_SHA256,
                                        MHSMATTEST_PARAM_OWNER_TRUST, MHSMATTEST_PARAM_HSM_ROOT_SHA256};
    static char text[65536];
    const OSSL_PROVIDER *provider = EVP_PKEY_get0_provider(key);
    int number = 0;
    size_t i;

    printf("type=%s\nprovider=%s\n", EVP_PKEY_get0_type_name(key),
           provider != NULL ? OSSL_PROVIDER_get0_name(provider) : "");
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (EVP_PKEY_get_int_param(key, numbers[i], &number) == 1)
            printf("%s=%d\n", numbers[i], number);
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (EVP_PKEY_get_utf8_string_param(key, texts[i], text, sizeof(text), NULL) == 1)
            printf("%s=%s\n", texts[i], text);
    if (EVP_PKEY_get_utf8_string_param(key, MHSMATTEST_PARAM_REPORT, text, sizeof(text), NULL) == 1)
        printf("report=%s\n", text);
}

int main(int argc, char *argv[])
{
    EVP_PKEY *key = argc > 1 ? load(argv[1], argc > 2 ? argv[2] : NULL) : NULL;

    if (key == NULL) {
        ERR_print_errors_fp(stderr);
        return 1;
    }
    print(key);
    EVP_PKEY_free(key);
    return 0;
}
