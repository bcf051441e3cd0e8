/*
 * Vendor attributes of the PKCS#11 module mhsmattest-pkcs11.so, beside those of PKCS#11 itself.
 *
 * To be read with C_GetAttributeValue, and usable in the templates of C_FindObjectsInit. UTF-8 values carry no NUL.
 * The numbers are an interface: they never change their meaning.
 *
 * Keys have all of them but the role; certificates have the role, and none of the others.
 */
#ifndef MHSMATTEST_PKCS11_H
#define MHSMATTEST_PKCS11_H

/* CKA_VENDOR_DEFINED and a prefix of this module's own. */
#define CKA_MHSMATTEST_BASE 0xcd480000UL

#define CKA_MHSMATTEST_VERDICT (CKA_MHSMATTEST_BASE | 0x01UL)          /* CK_BBOOL, always CK_TRUE: it verified */
#define CKA_MHSMATTEST_REPORT (CKA_MHSMATTEST_BASE | 0x02UL)           /* UTF-8 JSON, docs/report.schema.json */
#define CKA_MHSMATTEST_OWNER_ROOT_SHA256 (CKA_MHSMATTEST_BASE | 0x03UL) /* 32 bytes: the root of the pool */
#define CKA_MHSMATTEST_OWNER_TRUST (CKA_MHSMATTEST_BASE | 0x04UL)      /* UTF-8: pinned, tls or unauthenticated */
#define CKA_MHSMATTEST_HSM_SERIAL (CKA_MHSMATTEST_BASE | 0x05UL)       /* UTF-8: the adapter's whole serial number */
#define CKA_MHSMATTEST_PARTITION (CKA_MHSMATTEST_BASE | 0x06UL)        /* UTF-8: the HSM partition */
#define CKA_MHSMATTEST_HSM_ROOT_SHA256 (CKA_MHSMATTEST_BASE | 0x07UL)  /* 32 bytes: the root of the hardware */
#define CKA_MHSMATTEST_POOL (CKA_MHSMATTEST_BASE | 0x08UL)             /* UTF-8: name of the pool, from its root */
#define CKA_MHSMATTEST_EVIDENCE_SHA256 (CKA_MHSMATTEST_BASE | 0x09UL)  /* 32 bytes: the evidence as it was read */
#define CKA_MHSMATTEST_POLICY (CKA_MHSMATTEST_BASE | 0x0aUL)           /* UTF-8: the policy that was demanded */
#define CKA_MHSMATTEST_FIRMWARE_LAYOUT (CKA_MHSMATTEST_BASE | 0x0bUL)  /* UTF-8: 2.x or 3.x */
#define CKA_MHSMATTEST_EXTENDED_CHECK_VALUE (CKA_MHSMATTEST_BASE | 0x0cUL) /* 32 bytes, attested; may be absent */
#define CKA_MHSMATTEST_KEY_URL (CKA_MHSMATTEST_BASE | 0x0dUL)          /* UTF-8: key.kid; absent if not in evidence */

/* UTF-8: hsm-root, adapter, partition, pool-root or owner-partition; of certificates only. */
#define CKA_MHSMATTEST_CERTIFICATE_ROLE (CKA_MHSMATTEST_BASE | 0x20UL)

/* Environment variables. Ignored in programs that run with other rights than their user's. */
#define MHSMATTEST_PKCS11_CONF_VARIABLE "MHSMATTEST_PKCS11_CONF"   /* the configuration file to use */
#define MHSMATTEST_PKCS11_DEBUG_VARIABLE "MHSMATTEST_PKCS11_DEBUG" /* set and not empty: log to standard error */

#endif
