/*
 * mhsmattest: the OpenSSL provider that turns Azure Managed HSM key attestations into keys.
 *
 * Nothing here needs to be linked. The macros name what the provider understands through OpenSSL's own
 * functions; mhsmattest(7) explains them.
 *
 * A key that this provider hands out has been verified: the Marvell HSM that holds the private key signed the
 * statement about it, and both certificate chains, every name and the configured policy agree. Evidence that
 * does not verify yields no key, and an error of this provider that says why.
 *
 * Worked example: use a key only if it never was extractable.
 *
 *     #include <openssl/evp.h>
 *     #include <openssl/store.h>
 *     #include <mhsmattest.h>
 *
 *     EVP_PKEY *load_attested_key(OSSL_LIB_CTX *libctx, const char *uri)   // "mhsm:///etc/keys/signer.json"
 *     {
 *         EVP_PKEY *key = NULL;
 *         int attested = 0, never_extractable = 0;
 *         OSSL_STORE_CTX *store = OSSL_STORE_open_ex(uri, libctx, NULL, NULL, NULL, NULL, NULL, NULL);
 *
 *         if (store == NULL || OSSL_STORE_expect(store, OSSL_STORE_INFO_PUBKEY) != 1)
 *             goto end;
 *         while (key == NULL && !OSSL_STORE_eof(store)) {
 *             OSSL_STORE_INFO *info = OSSL_STORE_load(store);
 *
 *             if (info == NULL)
 *                 break;
 *             key = OSSL_STORE_INFO_get1_PUBKEY(info);       // the caller owns it: EVP_PKEY_free()
 *             OSSL_STORE_INFO_free(info);
 *         }
 *         if (!EVP_PKEY_get_int_param(key, MHSMATTEST_PARAM_ATTESTED, &attested) || attested != 1
 *             || !EVP_PKEY_get_int_param(key, MHSMATTEST_PARAM_NEVER_EXTRACTABLE, &never_extractable)
 *             || never_extractable != 1) {
 *             EVP_PKEY_free(key);
 *             key = NULL;
 *         }
 *      end:
 *         OSSL_STORE_close(store);
 *         return key;
 *     }
 *
 * Always ask for MHSMATTEST_PARAM_ATTESTED where any other kind of key must not pass: an ordinary key answers
 * no such question, so that EVP_PKEY_get_int_param() fails.
 */
#ifndef MHSMATTEST_H
#define MHSMATTEST_H

/* Name of the provider, for OSSL_PROVIDER_load() and the property "provider=mhsmattest". */
#define MHSMATTEST_PROVIDER_NAME "mhsmattest"

/* Key type of keys without a public half, and of keys made with EVP_PKEY_fromdata(). */
#define MHSMATTEST_KEY_TYPE "MHSM-ATTESTATION"

/* Signature algorithm of MHSMATTEST_KEY_TYPE: verifies a blob that the same HSM partition signed. */
#define MHSMATTEST_SIGNATURE_MRVL1 "MRVL-1"

/*
 * Structure name of evidence between the decoders of this provider. Programs leave input type and structure open:
 * OSSL_DECODER_CTX_new_for_pkey(&key, NULL, NULL, "RSA", EVP_PKEY_PUBLIC_KEY, libctx, NULL).
 */
#define MHSMATTEST_STRUCTURE "mhsm-attestation"

/* Scheme of the URIs that the store loader opens: mhsm:///absolute/path.json, mhsm://host/keys/name/version. */
#define MHSMATTEST_URI_SCHEME "mhsm"

/*
 * Parameters of an attested key, read with EVP_PKEY_get_int_param(), EVP_PKEY_get_utf8_string_param() and
 * EVP_PKEY_get_octet_string_param(), which copy into the caller's buffer.
 *
 * Integers that are 0 or 1. Except for the first, each is absent (the call fails and the variable keeps its
 * value) if the HSM did not state it: absence proves nothing.
 */
#define MHSMATTEST_PARAM_ATTESTED "attested"                   /* always 1 */
#define MHSMATTEST_PARAM_EXTRACTABLE "extractable"             /* CKA_EXTRACTABLE */
#define MHSMATTEST_PARAM_NEVER_EXTRACTABLE "never-extractable" /* CKA_NEVER_EXTRACTABLE */
#define MHSMATTEST_PARAM_LOCAL "local"                         /* CKA_LOCAL: generated in the HSM */
#define MHSMATTEST_PARAM_SENSITIVE "sensitive"                 /* CKA_SENSITIVE */
#define MHSMATTEST_PARAM_ALWAYS_SENSITIVE "always-sensitive"   /* CKA_ALWAYS_SENSITIVE */

/* UTF-8 strings. Fingerprints are 64 lower-case hexadecimal digits. */
#define MHSMATTEST_PARAM_KEY_ID "key-id"                       /* CKA_ID: /keys/<name>/<version> */
#define MHSMATTEST_PARAM_HSM_SERIAL "hsm-serial"               /* serial number of the HSM adapter */
#define MHSMATTEST_PARAM_PARTITION "partition"                 /* HSM partition that holds the key */
#define MHSMATTEST_PARAM_OWNER_ROOT_SHA256 "owner-root-sha256" /* fingerprint of the pool root */
#define MHSMATTEST_PARAM_OWNER_TRUST "owner-trust"             /* unauthenticated, tls or pinned */
#define MHSMATTEST_PARAM_HSM_ROOT_SHA256 "hsm-root-sha256"     /* fingerprint of the Marvell root */
#define MHSMATTEST_PARAM_REPORT "report"                       /* JSON: every check and fact (report.schema.json) */

/*
 * Octet string, of MHSMATTEST_KEY_TYPE keys: DER SubjectPublicKeyInfo of the attested key, for d2i_PUBKEY_ex().
 * Absent if the attested key is symmetric.
 */
#define MHSMATTEST_PARAM_PUBLIC_KEY "public-key"

/*
 * Parameters of EVP_PKEY_fromdata() for MHSMATTEST_KEY_TYPE with selection EVP_PKEY_PUBLIC_KEY. Any other
 * parameter is refused. The buffers remain the caller's and need not outlive the call.
 */
#define MHSMATTEST_FROMDATA_ATTESTATION "attestation" /* octet string: the JSON the service answered; required */
#define MHSMATTEST_FROMDATA_POLICY "policy"           /* UTF-8: policy to use instead of the configured one, by name */
#define MHSMATTEST_FROMDATA_OWNER_PIN "owner-pin"     /* UTF-8: sha256:HEX,...; the only accepted pool roots */
#define MHSMATTEST_FROMDATA_AT_TIME "at-time"         /* integer, Unix seconds: verify for this time, not for now */

/*
 * Module parameters: entries of the provider's section in openssl.cnf. UTF-8 strings; a value that cannot be
 * understood keeps the provider from loading.
 */
#define MHSMATTEST_CONFIG_POLICY "policy"           /* authentic, non-exportable, cabf-code-signing or a JSON file */
#define MHSMATTEST_CONFIG_OWNER_TRUST "owner-trust" /* authenticated (default), pinned or any */
#define MHSMATTEST_CONFIG_OWNER_PINS "owner-pins"   /* sha256:HEX of pool roots, comma-separated */
#define MHSMATTEST_CONFIG_KNOWN_POOLS "known-pools" /* file of lines: <pool> sha256:HEX */
#define MHSMATTEST_CONFIG_HSM_ROOTS "hsm-roots"     /* file of PEM certificates, trusted beside Marvell's */
#define MHSMATTEST_CONFIG_NO_DEFAULT_HSM_ROOTS "no-default-hsm-roots" /* yes: only those of hsm-roots */
#define MHSMATTEST_CONFIG_FETCH_LIBRARY "fetch-library" /* absolute path of the library that fetches evidence */
#define MHSMATTEST_CONFIG_TIMEOUT "timeout"             /* seconds for one answer, 1 to 3600; default 30 */
#define MHSMATTEST_CONFIG_RETRIES "retries"             /* of one request, 0 to 100; default 4 */
#define MHSMATTEST_CONFIG_AUTH "auth"                   /* auto (default), token, ...: see mhsmattest-fetch(7) */
#define MHSMATTEST_CONFIG_TOKEN_FILE "token-file"       /* absolute path of a file that holds a bearer token */
#define MHSMATTEST_CONFIG_API_VERSION "api-version"     /* of the REST API; default 7.6 */
#define MHSMATTEST_CONFIG_ALLOW_HOSTS "allow-hosts"     /* further hosts that may receive a token, comma-separated */
#define MHSMATTEST_CONFIG_CONNECT_TO "connect-to"       /* HOST1:PORT1:HOST2:PORT2, comma-separated */
#define MHSMATTEST_CONFIG_CA_FILE "ca-file"             /* PEM file to verify TLS servers with */
#define MHSMATTEST_CONFIG_CA_PATH "ca-path"             /* folder of such certificates */
#define MHSMATTEST_CONFIG_CRYPTO_CONFIG "crypto-config" /* openssl.cnf for the provider's own cryptography */

#endif
