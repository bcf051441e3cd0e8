/*
 * What the active provider costs whoever loads an ordinary PEM key: the same loads in two library contexts of one
 * process, one with the default provider, one with mhsmattest beside it. The rounds alternate, and which context is
 * first alternates too; printed are the median times and the median of the ratios of the rounds.
 *
 *     load_key module key.pem [rounds [loads-per-round]]
 */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/store.h>

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct input {
    const char *path;
    char text[16384];
    int size;
};

typedef EVP_PKEY *load_fn(OSSL_LIB_CTX *libctx, const struct input *input);

static EVP_PKEY *load_from_memory(OSSL_LIB_CTX *libctx, const struct input *input)
{
    BIO *bio = BIO_new_mem_buf(input->text, input->size);
    EVP_PKEY *key = PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, NULL, libctx, NULL);

    BIO_free(bio);
    return key;
}

/* As the commands of openssl do it. */
static EVP_PKEY *load_from_store(OSSL_LIB_CTX *libctx, const struct input *input)
{
    OSSL_STORE_CTX *store = OSSL_STORE_open_ex(input->path, libctx, NULL, NULL, NULL, NULL, NULL, NULL);
    EVP_PKEY *key = NULL;

    while (store != NULL && key == NULL && !OSSL_STORE_eof(store)) {
        OSSL_STORE_INFO *info = OSSL_STORE_load(store);

        key = info != NULL ? OSSL_STORE_INFO_get1_PKEY(info) : NULL;
        OSSL_STORE_INFO_free(info);
    }
    OSSL_STORE_close(store);
    return key;
}

static double seconds(void)
{
    struct timespec moment;

    clock_gettime(CLOCK_MONOTONIC, &moment);
    return (double)moment.tv_sec + (double)moment.tv_nsec / 1e9;
}

static double time_of(load_fn *load, OSSL_LIB_CTX *libctx, const struct input *input, int loads)
{
    double start = seconds();
    int i;

    for (i = 0; i < loads; i++) {
        EVP_PKEY *key = load(libctx, input);

        if (key == NULL) {
            ERR_print_errors_fp(stderr);
            exit(EXIT_FAILURE);
        }
        EVP_PKEY_free(key);
    }
    return (seconds() - start) / loads;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(*values), compare);
    return values[count / 2];
}

static void measure(const char *name, load_fn *load, OSSL_LIB_CTX *const contexts[2], const struct input *input,
                    int rounds, int loads)
{
    double *times[2] = {calloc((size_t)rounds, sizeof(double)), calloc((size_t)rounds, sizeof(double))};
    double *ratios = calloc((size_t)rounds, sizeof(double));
    int i;

    if (times[0] == NULL || times[1] == NULL || ratios == NULL)
        exit(EXIT_FAILURE);
    for (i = 0; i < rounds; i++) {
        int first = i % 2;

        times[first][i] = time_of(load, contexts[first], input, loads);
        times[!first][i] = time_of(load, contexts[!first], input, loads);
        ratios[i] = times[1][i] / times[0][i];
    }
    printf("%-28s default %8.2f us, with mhsmattest %8.2f us, ratio %.4f\n", name, median(times[0], rounds) * 1e6,
           median(times[1], rounds) * 1e6, median(ratios, rounds));
    free(times[0]);
    free(times[1]);
    free(ratios);
}

static OSSL_LIB_CTX *new_context(const char *folder)
{
    OSSL_LIB_CTX *libctx = OSSL_LIB_CTX_new();

    if (OSSL_PROVIDER_load(libctx, "default") == NULL
        || (folder != NULL && (OSSL_PROVIDER_set_default_search_path(libctx, folder) != 1
                               || OSSL_PROVIDER_load(libctx, "mhsmattest") == NULL))) {
        ERR_print_errors_fp(stderr);
        exit(EXIT_FAILURE);
    }
    return libctx;
}

int main(int argc, char *argv[])
{
    static struct input input;
    int rounds = argc > 3 ? atoi(argv[3]) : 201;
    int loads = argc > 4 ? atoi(argv[4]) : 50;
    OSSL_LIB_CTX *contexts[2];
    FILE *file;

    if (argc < 3 || rounds < 1 || loads < 1 || (file = fopen(argv[2], "rb")) == NULL) {
        fprintf(stderr, "Usage: %s module key.pem [rounds [loads-per-round]]\n", argv[0]);
        return 2;
    }
    input.path = argv[2];
    input.size = (int)fread(input.text, 1, sizeof(input.text), file);
    fclose(file);
    contexts[0] = new_context(NULL);
    contexts[1] = new_context(dirname(argv[1]));
    time_of(load_from_memory, contexts[0], &input, loads);
    time_of(load_from_memory, contexts[1], &input, loads);
    measure("PEM_read_bio_PrivateKey_ex", load_from_memory, contexts, &input, rounds, loads);
    measure("OSSL_STORE", load_from_store, contexts, &input, rounds, loads);
    OSSL_LIB_CTX_free(contexts[0]);
    OSSL_LIB_CTX_free(contexts[1]);
    return EXIT_SUCCESS;
}
