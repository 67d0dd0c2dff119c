/*
 * batches -- the statements behind `uploader batches`: list and load. Both only read, and may return RES_RETRY (locked, an
 * I/O error) or RES_BROKEN (the spool is damaged).
 */
#ifndef UPLOADER_SPOOL_BATCHES_H
#define UPLOADER_SPOOL_BATCHES_H

#include "uploader/spool/spool.h"

/* A batch as a person wants to see it; the texts are valid during the call of `show` alone. */
struct batch_line {
    int64_t id, first_id, last_id, events, bytes, attempts;
    bool may_be_stored;
    const char *kind, *state, *since, *object_key;
    const char *last_error, *remedy; /* NULL: none */
};

/* Calls `show` for the newest `count` batches, newest first; with `is_open` only for those that are to be shipped. */
MUST_CHECK enum result spool_batches_list(struct spool_out *out, bool is_open, int64_t count,
                                          void (*show)(void *context, const struct batch_line *line),
                                          void *context, struct why *why);

/*
 * Calls `show` for each column of one batch: its name in the view `batches`, or in the table, and its value; NULL: it has
 * none. `*is_there` is false if there is no batch with this id.
 */
MUST_CHECK enum result spool_batches_load(struct spool_out *out, int64_t id, bool *is_there,
                                          void (*show)(void *context, const char *name, const char *value),
                                          void *context, struct why *why);

#endif
