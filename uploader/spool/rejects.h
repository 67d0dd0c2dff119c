/*
 * rejects -- the spool's side of `rejects`: list, load, dismiss. Reads without a snapshot; a dismissal is one short
 * transaction. All may say RES_RETRY (locked, no space, an I/O error) or RES_BROKEN (damaged).
 */
#ifndef UPLOADER_SPOOL_REJECTS_H
#define UPLOADER_SPOOL_REJECTS_H

#include "uploader/spool/spool.h"

/* Of a reject, without its payload; texts live as long as the call that gives it. */
struct reject_line {
    int64_t id, bytes;
    const char *received_at, *source, *reason, *state, *detail;
};

/* Calls `show` for the newest `count`, newest first; without `is_all` for those that nobody has settled. */
MUST_CHECK enum result spool_rejects_list(struct spool_out *out, bool is_all, int64_t count,
                                          void (*show)(void *context, const struct reject_line *line),
                                          void *context, struct why *why);

/* Calls `show` for one; `*is_there` is false where there is none with this id. */
MUST_CHECK enum result spool_rejects_load(struct spool_out *out, int64_t id, bool *is_there,
                                          void (*show)(void *context, const struct reject_line *line,
                                                       const char *payload, size_t len, bool is_truncated),
                                          void *context, struct why *why);

/* Those in the spool: from first to last without a gap; none: first is last + 1. */
MUST_CHECK enum result spool_rejects_range(struct spool_out *out, int64_t *first_id, int64_t *last_id,
                                           struct why *why);

/* `*is_done` is false for one that was settled before, or is not there. */
MUST_CHECK enum result spool_rejects_dismiss(struct spool_out *out, int64_t id, bool *is_done,
                                             struct why *why);

#endif
