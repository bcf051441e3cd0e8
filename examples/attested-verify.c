/*
 * Verifies the signature of a document, and accepts only a key that is attested never to have been extractable.
 *
 *     cc attested-verify.c -lcrypto -o attested-verify
 *     ./attested-verify mhsm:///etc/keys/signer.json document document.sig
 *
 * The key is a URI, or the name of a file with evidence. An ordinary public key is refused. Exit code 0: the
 * signature (RSA PKCS#1 v1.5 or ECDSA, over SHA-256) is good; 1: it is not, or the key is not good enough.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/store.h>

#include <stdio.h>
#include <stdlib.h>

#include <mhsmattest.h>

/* The caller frees the key; NULL with the reason in the error queue. */
static EVP_PKEY *load_public_key(const char *uri)
{
    EVP_PKEY *key = NULL;
    OSSL_STORE_CTX *store = OSSL_STORE_open(uri, NULL, NULL, NULL, NULL);

    if (store == NULL || OSSL_STORE_expect(store, OSSL_STORE_INFO_PUBKEY) != 1)
        goto end;
    while (key == NULL && !OSSL_STORE_eof(store)) {
        OSSL_STORE_INFO *info = OSSL_STORE_load(store);

        if (info == NULL)
            continue; /* an error, or an object of another kind; the end is near */
        key = OSSL_STORE_INFO_get1_PUBKEY(info);
        OSSL_STORE_INFO_free(info);
    }
end:
    OSSL_STORE_close(store);
    return key;
}

/* A key that does not answer has not been attested, or the HSM did not say: both are refused. */
static int is_stated(const EVP_PKEY *key, const char *parameter)
{
    int value = 0;

    return EVP_PKEY_get_int_param(key, parameter, &value) == 1 && value == 1;
}

/* At most `size` bytes; returns how many, or 0 if there are none or more. */
static size_t read_file(const char *name, unsigned char *buffer, size_t size)
{
    FILE *file = fopen(name, "rb");
    size_t count = 0;

    if (file == NULL)
        return 0;
    count = fread(buffer, 1, size, file);
    if (ferror(file) || fgetc(file) != EOF)
        count = 0;
    fclose(file);
    return count;
}

static int verify(EVP_PKEY *key, const char *document_name, const char *signature_name)
{
    static unsigned char document[1 << 20], signature[1024];
    size_t document_size = read_file(document_name, document, sizeof(document));
    size_t signature_size = read_file(signature_name, signature, sizeof(signature));
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int good = context != NULL && document_size != 0 && signature_size != 0
               && EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) == 1
               && EVP_DigestVerify(context, signature, signature_size, document, document_size) == 1;

    EVP_MD_CTX_free(context);
    return good;
}

int main(int argc, char *argv[])
{
    EVP_PKEY *key = NULL;
    char key_id[512] = "";
    int status = EXIT_FAILURE;

    if (argc != 4) {
        fprintf(stderr, "Usage: %s key-uri document signature\n", argv[0]);
        return 2;
    }
    key = load_public_key(argv[1]);
    if (key == NULL)
        fprintf(stderr, "%s: no key\n", argv[1]);
    else if (!is_stated(key, MHSMATTEST_PARAM_ATTESTED))
        fprintf(stderr, "%s: an ordinary key, not an attested one\n", argv[1]);
    else if (!is_stated(key, MHSMATTEST_PARAM_NEVER_EXTRACTABLE))
        fprintf(stderr, "%s: the key is not attested to have never been extractable\n", argv[1]);
    else if (!verify(key, argv[2], argv[3]))
        fprintf(stderr, "%s: the signature does not verify\n", argv[2]);
    else
        status = EXIT_SUCCESS;

    if (status == EXIT_SUCCESS
        && EVP_PKEY_get_utf8_string_param(key, MHSMATTEST_PARAM_KEY_ID, key_id, sizeof(key_id), NULL) == 1)
        printf("%s: signed with the attested key %s\n", argv[2], key_id);
    if (status != EXIT_SUCCESS)
        ERR_print_errors_fp(stderr);
    EVP_PKEY_free(key);
    return status;
}
