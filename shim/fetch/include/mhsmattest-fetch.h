/*
 * libmhsmattest-fetch: gets key attestations from Azure Managed HSM over REST.
 *
 * The library holds everything that needs the network, so that a process which loads the OpenSSL provider carries
 * libcurl only once it opens a mhsm://host/... URI. It is meant to be opened with dlopen(3), and exports one symbol:
 *
 *     const MHSM_FETCH_API *api = mhsm_fetch_get_api(MHSM_FETCH_ABI);    null: another, incompatible version
 *
 * What it returns is not verified. It says whence the bytes came, and leaves it to the verifier what they prove.
 *
 * Threads: different sessions may be used at the same time; one session by one thread at a time. No thread, exit
 * handler or signal handler of the library's own is left behind. Strings are UTF-8 and end with NUL. No function
 * throws; each returns MHSM_FETCH_OK or fills in `error`. Secrets (tokens, client secrets, assertions) never appear in
 * what `log` or `error` says.
 *
 * Sources: learn.microsoft.com, "Get Key Attestation" (Key Vault REST API 7.6), "Authentication, requests and
 * responses" (Key Vault), "Microsoft identity platform and the OAuth 2.0 client credentials flow".
 */
#ifndef MHSMATTEST_FETCH_H
#define MHSMATTEST_FETCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MHSM_FETCH_ABI 1
#define MHSM_FETCH_GET_API "mhsm_fetch_get_api"

typedef enum mhsm_fetch_status_en {
    MHSM_FETCH_OK = 0,
    MHSM_FETCH_BAD_PARAMETER = 1,      /* a setting or an URL is malformed */
    MHSM_FETCH_HOST_REFUSED = 2,       /* not in a Managed HSM domain, nor among allowed_hosts */
    MHSM_FETCH_NO_CREDENTIAL = 3,      /* nothing to authenticate with was found */
    MHSM_FETCH_CREDENTIAL_FAILED = 4,  /* the credential did not give a token */
    MHSM_FETCH_CHALLENGE_REFUSED = 5,  /* the service asks for a token that it must not have */
    MHSM_FETCH_UNAUTHORIZED = 6,       /* 401 in spite of a token */
    MHSM_FETCH_FORBIDDEN = 7,          /* 403 */
    MHSM_FETCH_NOT_FOUND = 8,          /* 404 */
    MHSM_FETCH_THROTTLED = 9,          /* 429 or 503 after the last retry */
    MHSM_FETCH_SERVICE = 10,           /* any other answer than 200 */
    MHSM_FETCH_RESOLVE = 11,           /* the name of the host, or of the proxy, cannot be resolved */
    MHSM_FETCH_CONNECT = 12,           /* no connection, or it broke */
    MHSM_FETCH_TLS = 13,               /* the server's certificate or the handshake */
    MHSM_FETCH_TIMEOUT = 14,
    MHSM_FETCH_TOO_LARGE = 15,
    MHSM_FETCH_PROTOCOL = 16,          /* a redirect, a truncated answer, not JSON, a nextLink to another host, ... */
    MHSM_FETCH_STOPPED = 17,           /* `stop` or a callback asked for it */
    MHSM_FETCH_NO_MEMORY = 18,
    MHSM_FETCH_INTERNAL = 19
} MHSM_FETCH_STATUS;

/* What went wrong: one line that says in which object, what was found and what to do next. Provided by the caller. */
typedef struct mhsm_fetch_error_st {
    MHSM_FETCH_STATUS status;
    int http_status; /* 0: there was no answer */
    char text[1024];
} MHSM_FETCH_ERROR;

/* Settings of a session. Fill with zero bytes, set `size`, then what is not to be the default. Copied. */
typedef struct mhsm_fetch_config_st {
    size_t size;             /* sizeof(MHSM_FETCH_CONFIG) */
    const char *auth;        /* auto (null), token, client-secret, client-certificate, workload-identity,
                                managed-identity, azure-cli */
    const char *token_file;  /* the bearer token, instead of $MHSM_ACCESS_TOKEN */
    const char *const *allowed_hosts; /* further hosts that may get a token, beside the Managed HSM domains; ends
                                         with null. Each a host, or a host:port */
    const char *const *connect_to;    /* as curl --connect-to: HOST1:PORT1:HOST2:PORT2; ends with null */
    const char *ca_file;     /* PEM bundle to verify servers with, instead of the system's */
    const char *ca_path;     /* folder of certificates, as c_rehash makes it */
    const char *api_version; /* null: 7.6 */
    unsigned timeout;        /* seconds for one answer, retries not counted; 0: 30 */
    int retries;             /* of one request; negative: 4 */
    unsigned jobs;           /* requests in flight in a pool run; 0: 8 */
    void (*log)(void *arg, const char *line); /* null, or told of each request and retry */
    int (*stop)(void *arg);  /* null, or asked several times a second; not 0: give up with MHSM_FETCH_STOPPED */
    void *arg;               /* for log and stop */
} MHSM_FETCH_CONFIG;

typedef struct mhsm_fetch_session_st MHSM_FETCH_SESSION;

/* One answer. What the pointers name lives until the callback returns. */
typedef struct mhsm_fetch_answer_st {
    const unsigned char *bytes; /* the body exactly as received */
    size_t size;
    const char *url;            /* https://host/keys/name[/version] that was asked for */
    const char *tls_pool;       /* name of the pool (first label of the host), if the host lies in a Managed HSM domain
                                   and its TLS certificate was verified; else null */
} MHSM_FETCH_ANSWER;

/* One key of a pool run: either an answer or an error. */
typedef struct mhsm_fetch_key_st {
    const char *url;                   /* https://host/keys/name[/version], as the service lists it */
    const MHSM_FETCH_ANSWER *answer;   /* null if it could not be fetched */
    const MHSM_FETCH_ERROR *error;     /* null if it could */
} MHSM_FETCH_KEY;

typedef struct mhsm_fetch_progress_st {
    uint64_t listed;    /* keys that the service has named so far and that are wanted */
    uint64_t done;      /* of these, handed to on_key */
    int complete;       /* not 0: the service has named all */
} MHSM_FETCH_PROGRESS;

/* A run over all keys of a pool. Fill with zero bytes, set `size`. Callbacks come on the calling thread. */
typedef struct mhsm_fetch_run_st {
    size_t size;       /* sizeof(MHSM_FETCH_RUN) */
    int all_versions;  /* not 0: every version of every key, else the current one */
    /* Each key exactly once, in the order of completion. Return 0 to stop the run. */
    int (*on_key)(void *arg, const MHSM_FETCH_KEY *key);
    /* null, or asked for each listed URL; 0: leave it out, it is neither fetched nor counted. */
    int (*wanted)(void *arg, const char *url);
    void (*on_progress)(void *arg, const MHSM_FETCH_PROGRESS *progress); /* null, or told several times a second */
    void *arg;
} MHSM_FETCH_RUN;

typedef struct mhsm_fetch_api_st {
    uint32_t abi;        /* MHSM_FETCH_ABI */
    const char *version; /* of the library, and of libcurl */
    /* Makes a session; it holds connections and tokens. Does not touch the network. */
    MHSM_FETCH_STATUS (*session_new)(const MHSM_FETCH_CONFIG *config, MHSM_FETCH_SESSION **session,
                                     MHSM_FETCH_ERROR *error);
    void (*session_free)(MHSM_FETCH_SESSION *session); /* null is allowed */
    /* Gets the attestation of `url`: https://host/keys/name[/version], or the same with mhsm://. */
    MHSM_FETCH_STATUS (*get)(MHSM_FETCH_SESSION *session, const char *url,
                             void (*receive)(void *arg, const MHSM_FETCH_ANSWER *answer), void *arg,
                             MHSM_FETCH_ERROR *error);
    /* Gets the attestation of every key of `pool`: https://host, mhsm://host, or the bare name of a pool of the public
       cloud. Fails only if the pool cannot be listed to its end; what happens to a single key is told to on_key. */
    MHSM_FETCH_STATUS (*pool)(MHSM_FETCH_SESSION *session, const char *pool, const MHSM_FETCH_RUN *run,
                              MHSM_FETCH_ERROR *error);
} MHSM_FETCH_API;

typedef const MHSM_FETCH_API *(*MHSM_FETCH_GET_API_FN)(uint32_t abi);

/* The functions of this library, or null if `abi` is not MHSM_FETCH_ABI. */
const MHSM_FETCH_API *mhsm_fetch_get_api(uint32_t abi);

#ifdef __cplusplus
}
#endif

#endif
