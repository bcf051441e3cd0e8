/* Preloaded, it is told by the environment: FAIL_ALLOCATION=N or FAIL_ALLOCATIONS_FROM=N, counted from the start of
   main(); FAIL_REPORT=FILE receives the number of allocations and whether one was made to fail. */
#define _GNU_SOURCE
#include "failing_malloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

/* glibc's own names of what is replaced here. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_ulong counted, first_failure;
static atomic_int lasting_failure, armed, happened;

static int fails(void) {
    unsigned long number, first;

    if (!atomic_load(&armed)) return 0;
    number = atomic_fetch_add(&counted, 1) + 1;
    first = atomic_load(&first_failure);
    if (first == 0 || number < first || (number > first && !atomic_load(&lasting_failure))) return 0;
    atomic_store(&happened, 1);
    errno = ENOMEM;
    return 1;
}

EXPORTED void fault_arm(unsigned long first, int lasting) {
    atomic_store(&counted, 0);
    atomic_store(&happened, 0);
    atomic_store(&first_failure, first);
    atomic_store(&lasting_failure, lasting);
    atomic_store(&armed, 1);
}

EXPORTED unsigned long fault_count(void) { return atomic_load(&counted); }
EXPORTED int fault_happened(void) { return atomic_load(&happened); }

EXPORTED void *malloc(size_t size) { return fails() ? NULL : __libc_malloc(size); }
EXPORTED void *calloc(size_t count, size_t size) { return fails() ? NULL : __libc_calloc(count, size); }
EXPORTED void *realloc(void *block, size_t size) { return fails() ? NULL : __libc_realloc(block, size); }
EXPORTED void *aligned_alloc(size_t alignment, size_t size) {
    return fails() ? NULL : __libc_memalign(alignment, size);
}
EXPORTED int posix_memalign(void **block, size_t alignment, size_t size) {
    void *made = fails() ? NULL : __libc_memalign(alignment, size);

    if (made == NULL) return ENOMEM;
    *block = made;
    return 0;
}

__attribute__((constructor)) static void arm_from_environment(void) {
    const char *one = getenv("FAIL_ALLOCATION"), *all = getenv("FAIL_ALLOCATIONS_FROM");

    if (one != NULL) fault_arm(strtoul(one, NULL, 10), 0);
    if (all != NULL) fault_arm(strtoul(all, NULL, 10), 1);
}

__attribute__((destructor)) static void tell(void) {
    const char *path = getenv("FAIL_REPORT");
    char text[64];
    int file;

    if (path == NULL) return;
    file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return;
    snprintf(text, sizeof text, "%lu %d\n", fault_count(), fault_happened());
    if (write(file, text, strlen(text)) < 0) abort();
    close(file);
}
