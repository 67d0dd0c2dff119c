/*
 * some_spool -- a spool as the collector leaves it, made with plain SQL: for tests of the side that reads it.
 */
#ifndef TESTS_SUPPORT_SOME_SPOOL_H
#define TESTS_SUPPORT_SOME_SPOOL_H

#include <stdint.h>

#define SOME_SPOOL_ID "0123456789"

/* The schema, an identity, no rows. */
void some_spool_make(const char *path);

/*
 * Adds `count` events (rejects) of `bytes` bytes each (8 at least), received at `received_at`, and counts them. Ids go
 * on; the payload of row 7 begins with `<E>7</E>` and is filled up with blanks.
 */
void some_spool_add_events(const char *path, int64_t count, int64_t bytes, int64_t received_at);
void some_spool_add_rejects(const char *path, int64_t count, int64_t bytes, int64_t received_at);

#endif
