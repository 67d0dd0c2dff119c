/*
 * spool -- the uploader's side of the spool: seal, load, record, mark, purge.
 *
 * Each call is one short transaction. What must not be forgotten is durable when it returns; what a power cut may forget,
 * because it is found out again (a failure, what was shipped, purged or said), is not waited for. Never holds a snapshot:
 * rows are immutable, so a batch is loaded in slices. One thread. All calls may say RES_RETRY (locked, no space, an I/O
 * error) or RES_BROKEN (damaged).
 */
#ifndef UPLOADER_SPOOL_SPOOL_H
#define UPLOADER_SPOOL_SPOOL_H

#include "uploader/batch/batch.h"
#include "uploader/render/render.h"

struct spool_out;

/* Opens an existing spool: as spool_open(). */
MUST_CHECK enum result spool_out_open(struct spool_out **out, const char *path, struct why *why);
void spool_out_close(struct spool_out *out); /* accepts NULL */

/* Its connection, for what requests ask (reship.h, rejects.h); borrowed. */
struct db *spool_out_db(struct spool_out *out);
/*
 * Is the schema still one that this program writes? A newer collector may have changed it. `*is_too_new`: end with 75;
 * as spool_check_version() else.
 */
MUST_CHECK enum result spool_out_check_schema(struct spool_out *out, const char *path, bool *is_too_new,
                                              struct why *why);

/* Is the file at `path` the one that the spool remembers to be? Not a copy, nor another one put in its place. */
MUST_CHECK enum result spool_out_check_file(struct spool_out *out, const char *path, bool *is_same,
                                            struct why *why);

/*
 * For those who are about to ship from the file at `path`:
 *   RES_RETRY   it is a copy that the collector has not given an identity of its own yet: the original's keys would be
 *               used; or it cannot be looked at now
 */
MUST_CHECK enum result spool_out_refuse_copy(struct spool_out *out, const char *path, struct why *why);

/* As the spool knows it now: the collector may draw a new one. */
MUST_CHECK enum result spool_out_identity(struct spool_out *out, struct spool_identity *identity,
                                          struct why *why);

/* What waits outside of batches. */
struct waiting {
    bool is_some;
    int64_t first_id, last_id;
    int64_t oldest_at; /* when the first was received */
    int64_t bytes;
    int64_t bytes_before; /* running total before the first; for spool_out_cut() */
};
MUST_CHECK enum result spool_out_waiting(struct spool_out *out, enum batch_kind kind, struct waiting *waiting,
                                         struct why *why);

/*
 * The last id that still fits into `max_bytes` (the first always does), BATCH_COUNT_MAX of them at most, and the bytes up to it: by bisection over running
 * totals, so it costs the same whatever waits.
 */
MUST_CHECK enum result spool_out_cut(struct spool_out *out, enum batch_kind kind,
                                     const struct waiting *waiting, int64_t max_bytes, int64_t *last_id,
                                     int64_t *bytes, struct why *why);

/* Seals; sets batch->id. */
MUST_CHECK enum result spool_out_seal(struct spool_out *out, struct batch *batch, struct why *why);

/* Takes the seal off a batch that cannot have stored anything; `*is_done` is false where that cannot be. */
MUST_CHECK enum result spool_out_unseal(struct spool_out *out, const struct batch *batch, bool *is_done,
                                        struct why *why);

/* The oldest batch of the kind that is not shipped, with first id `from_id` or later. */
MUST_CHECK enum result spool_out_open_batch(struct spool_out *out, enum batch_kind kind, int64_t from_id,
                                            struct batch *batch, bool *is_some, struct why *why);

/* The newest of the kind, if nothing of it can be in the store: never tried, or surely refused each time. */
MUST_CHECK enum result spool_out_newest_batch(struct spool_out *out, enum batch_kind kind,
                                              struct batch *batch, bool *is_some, struct why *why);

/* A batch from a row of load_open_batch.sql or load_next_batch.sql. */
MUST_CHECK enum result spool_out_read_batch(struct stmt *stmt, enum batch_kind kind, struct batch *batch,
                                            struct why *why);

/*
 * Renders all rows of the batch into `body` (cleared first), with a `pause` (NULL: none) after each slice; render_hash() completes
 * `rendition`.
 *   RES_REFUSE   a row is missing, or cannot be rendered (render.h): this batch waits for a person; why->remedy
 */
MUST_CHECK enum result spool_out_render(struct spool_out *out, const struct batch *batch, struct buf *body,
                                        struct rendition *rendition, const struct pause *pause,
                                        struct why *why);

/* Before a PUT: these bytes, and that nobody knows how it ends. Moves batch->recorded, and perhaps batch->earlier. */
MUST_CHECK enum result spool_out_record_attempt(struct spool_out *out, struct batch *batch,
                                                const struct rendition *rendition, struct why *why);
MUST_CHECK enum result spool_out_record_failure(struct spool_out *out, struct batch *batch,
                                                const struct why *failure, bool is_definite, bool is_blocked,
                                                struct why *why);
/* `rendition`: which one is there; NULL: the recorded one. */
MUST_CHECK enum result spool_out_mark_shipped(struct spool_out *out, const struct batch *batch,
                                              const struct rendition *rendition, const char *etag,
                                              bool is_verified, struct why *why);

/*
 * An incident: other bytes are under the batch's key. It is abandoned with this explanation, and its rows are sealed once
 * more under `object_key`. `*is_done` is false where it stands in for an abandoned one itself: that happens once.
 */
MUST_CHECK enum result spool_out_supersede(struct spool_out *out, const struct batch *batch,
                                           const char *object_key, const struct why *incident, bool *is_done,
                                           struct why *why);

/* The clock by which rows are kept (retention.h). spool_out_report() stores it. */
int64_t spool_out_kept_ms(const struct spool_out *out);

/* Deletes one slice of rows shipped when that clock showed `before` or less; `*purged` is how many: 0, nothing is left to do. */
MUST_CHECK enum result spool_out_purge(struct spool_out *out, enum batch_kind kind, int64_t before,
                                       int64_t *purged, struct why *why);
MUST_CHECK enum result spool_out_purge_batches(struct spool_out *out, int64_t before, struct why *why);

/* Where rejects do not travel: deletes one slice of those that have been here for `keep_ms`, and for twice that at most. */
MUST_CHECK enum result spool_out_purge_waiting_rejects(struct spool_out *out, int64_t keep_ms,
                                                       int64_t *purged, struct why *why);

/* Gives pages back to the file system, a few milliseconds long, where more than a quarter are free. `*has_more`. */
MUST_CHECK enum result spool_out_vacuum(struct spool_out *out, bool *has_more, struct why *why);

/* What a person sees in `summary`. `trouble` NULL: none. */
MUST_CHECK enum result spool_out_report(struct spool_out *out, bool is_trial, bool rejects_travel,
                                        const struct why *trouble, struct why *why);

struct flush {
    int64_t ids[BATCH_KIND_COUNT]; /* ship up to these */
};

/* What an uploader should know each time. */
struct control_row {
    struct flush flush;
    int64_t bytes;     /* that have come in, ever */
    bool is_space_low; /* space is short: shipped events need not be kept */
};
MUST_CHECK enum result spool_out_load_control_row(struct spool_out *out, struct control_row *control_row,
                                                  struct why *why);
MUST_CHECK enum result spool_out_request_flush(struct spool_out *out, struct flush *flush, struct why *why);
/* How many of a kind up to that id are not shipped yet. */
MUST_CHECK enum result spool_out_count_unshipped(struct spool_out *out, enum batch_kind kind, int64_t last_id,
                                                 int64_t *count, struct why *why);

/* The view `summary`; texts "" where it has NULL. */
struct summary {
    int64_t events, bytes, oldest_age_seconds, rejects_24h, spool_bytes;
    bool is_trial;
    char last_event_at[32], last_shipped_at[32], uploader_seen_at[32];
    char last_error[WHY_SIZE], remedy[WHY_SIZE];
};
MUST_CHECK enum result spool_out_summary(struct spool_out *out, struct summary *summary, struct why *why);

#endif
