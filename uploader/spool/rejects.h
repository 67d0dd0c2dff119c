/*
 * rejects -- the statements behind `uploader rejects`: list, load, dismiss. A dismissal is one short transaction. All
 * calls may return RES_RETRY (locked, no space, an I/O error) or RES_BROKEN (the spool is damaged).
 */
#ifndef UPLOADER_SPOOL_REJECTS_H
#define UPLOADER_SPOOL_REJECTS_H

#include "uploader/spool/spool.h"

/* A reject without its payload; the texts are valid during the call of `show` alone. */
struct reject_line {
    int64_t id, bytes;
    const char *received_at, *source, *reason, *state, *detail;
};

/*
 * Calls `show` for the newest `count` rejects, newest first; without `is_all` only for those that are neither retried
 * nor dismissed.
 */
MUST_CHECK enum result spool_rejects_list(struct spool_out *out, bool is_all, int64_t count,
                                          void (*show)(void *context, const struct reject_line *line),
                                          void *context, struct why *why);

/* Calls `show` for one reject; `*is_there` is false if there is none with this id. */
MUST_CHECK enum result spool_rejects_load(struct spool_out *out, int64_t id, bool *is_there,
                                          void (*show)(void *context, const struct reject_line *line,
                                                       const char *payload, size_t len, bool is_truncated),
                                          void *context, struct why *why);

/*
 * The first reject in the spool, and the last that was received; there may be gaps between them. If there are none,
 * `*first_id` is `*last_id` + 1.
 */
MUST_CHECK enum result spool_rejects_range(struct spool_out *out, int64_t *first_id, int64_t *last_id,
                                           struct why *why);

/*
 * The first rejects from `from_id` on, at most `count_max`, up to the next gap. If there are none, `*first_id` is
 * `*last_id` + 1.
 */
MUST_CHECK enum result spool_rejects_run(struct spool_out *out, int64_t from_id, int64_t count_max,
                                         int64_t *first_id, int64_t *last_id, struct why *why);

/* Records whether the service withholds payloads. */
MUST_CHECK enum result spool_rejects_record_privacy(struct spool_out *out, bool omits_payload,
                                                    struct why *why);

/* Has the last service withheld payloads, or whoever sealed the newest batches, or have these dropped fields? */
MUST_CHECK enum result spool_rejects_were_withheld(struct spool_out *out, bool *were_withheld,
                                                   struct why *why);

/*
 * Marks the reject as dismissed. `*is_done` is false for a reject that was retried or dismissed before, or is not
 * there.
 */
MUST_CHECK enum result spool_rejects_dismiss(struct spool_out *out, int64_t id, bool *is_done,
                                             struct why *why);

#endif
