/* Preloaded, it makes the system calls of a program misbehave as they may: FAIL_IO=short gives reads and writes one
   byte to a few at a time with an EINTR before each; FAIL_IO=<call>:<number>:<errno> makes that call fail once
   (open, read, write, fsync, close or rename; counted from 1; standard error is left alone). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))
#define REAL(name) (__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

static int interrupted(void) {
    static unsigned calls;

    if (++calls % 2 == 0) return 0;
    errno = EINTR;
    return 1;
}

static int is_short(void) {
    const char *mode = getenv("FAIL_IO");

    return mode != NULL && strcmp(mode, "short") == 0;
}

/* Whether this call of `name` is the one to fail. */
static int fails(const char *name) {
    static int counts[8];
    const char *names[] = {"open", "read", "write", "fsync", "close", "rename"};
    const char *mode = getenv("FAIL_IO");
    char call[16];
    int number, code;
    size_t i;

    if (mode == NULL || sscanf(mode, "%15[a-z]:%d:%d", call, &number, &code) != 3 || strcmp(call, name) != 0) return 0;
    for (i = 0; i < sizeof names / sizeof *names; ++i)
        if (strcmp(names[i], name) == 0 && ++counts[i] == number) {
            errno = code;
            return 1;
        }
    return 0;
}

EXPORTED ssize_t read(int file, void *buffer, size_t size) {
    if (fails("read") || (is_short() && interrupted())) return -1;
    return REAL(read)(file, buffer, is_short() && size > 7 ? 7 : size);
}

EXPORTED ssize_t write(int file, const void *buffer, size_t size) {
    if (file == STDERR_FILENO) return REAL(write)(file, buffer, size);
    if (fails("write") || (is_short() && interrupted())) return -1;
    return REAL(write)(file, buffer, is_short() && size > 11 ? 11 : size);
}

EXPORTED int fsync(int file) { return fails("fsync") ? -1 : REAL(fsync)(file); }

EXPORTED int close(int file) {
    const int result = REAL(close)(file); /* as Linux does it: closed also when it fails */

    return fails("close") ? -1 : result;
}

EXPORTED int rename(const char *from, const char *to) { return fails("rename") ? -1 : REAL(rename)(from, to); }

EXPORTED int open(const char *path, int flags, ...) {
    mode_t mode = 0;
    va_list arguments;

    if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    if (fails("open")) return -1;
    return REAL(open)(path, flags, mode);
}
