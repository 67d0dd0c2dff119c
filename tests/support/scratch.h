/*
 * scratch -- a directory of a test's own, and plain SQL on the spool in it, beside the code that is tested.
 *
 * The SQL goes through the VFS "unix", so it meets no fault and is not noted. A mistake of the test itself aborts.
 */
#ifndef TESTS_SUPPORT_SCRATCH_H
#define TESTS_SUPPORT_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scratch {
    char dir[128];
    char spool[160]; /* <dir>/spool.db, not made yet */
};

struct scratch *scratch_new(void);
void scratch_free(struct scratch *scratch); /* removes the directory and all in it; accepts NULL */

/* The file's bytes; owned by the caller. */
char *scratch_read(const char *path, size_t *len);
void scratch_write(const char *path, const void *data, size_t len);
void scratch_copy(const char *from, const char *to);
bool scratch_exists(const char *path);

/* One statement's first value; the format is printf's. */
int64_t query_int(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* All rows as text: columns separated by '|', rows by a newline, NULL as nothing. Owned by the caller. */
char *query_text(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Runs statements. */
void query_do(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
