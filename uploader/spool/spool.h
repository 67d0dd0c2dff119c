/*
 * spool -- the uploader's side of the spool: seal, load, record, mark, purge.
 *
 * Each call is one short transaction. Seals and attempts are durable when their call returns. Failures, marks, purges
 * and reports are not synced: a power cut may undo them, and the uploader finds them out again at its next start. No
 * call holds a snapshot: rows are immutable, so a batch is loaded in slices. All calls are for one thread. All may
 * return RES_RETRY (locked, no space, an I/O error: call again) or RES_BROKEN (the spool is damaged: end).
 */
#ifndef UPLOADER_SPOOL_SPOOL_H
#define UPLOADER_SPOOL_SPOOL_H

#include "uploader/batch/batch.h"
#include "uploader/batch/cause.h"
#include "uploader/batch/object_key.h"
#include "uploader/render/render.h"

struct spool_out;

/* Opens an existing spool, with the results of spool_open(); and of spool_open_for_command(). */
MUST_CHECK enum result spool_out_open(struct spool_out **out, const char *path, struct why *why);
MUST_CHECK enum result spool_out_open_for_command(struct spool_out **out, const char *path, struct why *why);
void spool_out_close(struct spool_out *out); /* accepts NULL */

/* The connection, for the statements of the other headers of this room and for the control channel; borrowed. */
struct db *spool_out_db(struct spool_out *out);

/*
 * Checks that this program may still write the schema: a newer collector may have changed it. If `*is_too_new`, end
 * with exit code 75. The results are those of spool_check_version().
 */
MUST_CHECK enum result spool_out_check_schema(struct spool_out *out, const char *path, bool *is_too_new,
                                              struct why *why);

/* `*is_same`: the file at `path` is the file that the spool's identity names, not a copy or a replacement. */
MUST_CHECK enum result spool_out_check_file(struct spool_out *out, const char *path, bool *is_same,
                                            struct why *why);

/*
 * Call this before shipping from the file at `path`.
 *   RES_RETRY   the file is a copy that has no identity of its own yet, so the keys of the original would be used: wait
 *               for the collector to draw one; or the file cannot be examined now
 */
MUST_CHECK enum result spool_out_refuse_copy(struct spool_out *out, const char *path, struct why *why);

/* The spool's identity. Load it anew for each batch: the collector may draw a new one at any time. */
MUST_CHECK enum result spool_out_identity(struct spool_out *out, struct spool_identity *identity,
                                          struct why *why);

/* The rows that are in no batch yet. */
struct waiting {
    bool is_some;
    int64_t first_id, last_id;
    int64_t oldest_at; /* when the first row was received */
    int64_t bytes;
    int64_t bytes_before; /* the running total before the first row; for spool_out_cut() */
};
MUST_CHECK enum result spool_out_waiting(struct spool_out *out, enum batch_kind kind, struct waiting *waiting,
                                         struct why *why);

/*
 * Finds the last id that fits into `max_bytes` (the first always fits) and into BATCH_COUNT_MAX rows, and the bytes up
 * to it. It bisects over running totals, so it costs the same however much is waiting.
 *   RES_REFUSE   a row is missing
 */
MUST_CHECK enum result spool_out_cut(struct spool_out *out, enum batch_kind kind,
                                     const struct waiting *waiting, int64_t max_bytes, int64_t *last_id,
                                     int64_t *bytes, struct why *why);

/*
 * Seals the batch: writes its row, durably, and sets its id, repetition and key. Where rejects that were purged without
 * having been shipped have left a gap before it, the gap gets a batch of its own, given up. `keys` NULL: the key is given, and only
 * gets a -rN where it needs one.
 *   RES_REFUSE   there is no key left
 */
MUST_CHECK enum result spool_out_seal(struct spool_out *out, struct batch *batch,
                                      const struct key_rules *keys, struct why *why);

/*
 * The -rN of an object that is to hold these ids (the contract's rule for keys): 1 if no object over any of them may have
 * been stored, else one more than the highest that was used over any of them.
 */
MUST_CHECK enum result spool_out_repetition(struct spool_out *out, enum batch_kind kind, int64_t first_id,
                                            int64_t last_id, int *repetition, struct why *why);

/* Loads the oldest batch of the kind that is not shipped and whose first id is `from_id` or later. */
MUST_CHECK enum result spool_out_open_batch(struct spool_out *out, enum batch_kind kind, int64_t from_id,
                                            struct batch *batch, bool *is_some, struct why *why);

/* Loads one batch. Its id is 0 if there is none with this id; `*is_open`: it is to be shipped. */
MUST_CHECK enum result spool_out_load_batch(struct spool_out *out, int64_t id, struct batch *batch,
                                            bool *is_open, struct why *why);

/* As much of a batch that is to be shipped as decides what is tried next. */
struct open_batch {
    int64_t id;
    enum batch_kind kind;
    int64_t first_id;
    bool is_copy, is_unknown, is_occupied;
    bool is_refused; /* alone, before others were taken: `cause` says how */
    struct cause cause;
};

/* What an earlier process has left of a kind that only a person can help. */
struct blocked {
    int64_t count; /* of open batches that were refused by themselves */
    int64_t
        since; /* of these, in ms since 1970: the first refusal that was not followed by another outcome */
    int64_t tries;  /* of all of these together */
    struct why why; /* of the oldest of these */
    int64_t
        others_since; /* the same as `since`, of batches that were refused for more than themselves; 0: there are none */
};
MUST_CHECK enum result spool_out_load_blocked(struct spool_out *out, enum batch_kind kind,
                                              struct blocked *blocked, struct why *why);

/* Calls `visit` for each batch that is to be shipped and whose id is above `after_id`, in the order of ids. */
MUST_CHECK enum result spool_out_list_open(struct spool_out *out, int64_t after_id,
                                           void (*visit)(void *context, const struct open_batch *open),
                                           void *context, struct why *why);

/* Reads a batch from the current row of load_open_batch.sql or a statement with the same columns. */
MUST_CHECK enum result spool_out_read_batch(struct stmt *stmt, struct batch *batch, struct why *why);

/*
 * Renders all rows of the batch into `body` (cleared first), with a `pause` (NULL: none) after each slice. Pass
 * `rendition` to render_hash().
 *   RES_REFUSE   a row is missing or cannot be rendered (render.h): set the batch aside; why->remedy is for a person
 */
MUST_CHECK enum result spool_out_render(struct spool_out *out, const struct batch *batch, struct buf *body,
                                        struct rendition *rendition, const struct pause *pause,
                                        struct why *why);

/*
 * Call this before a PUT: records, durably, that a PUT of these bytes was begun and that its outcome is unknown.
 * Updates batch->recorded, and batch->earlier if the bytes differ from those of an earlier PUT of unknown outcome.
 */
MUST_CHECK enum result spool_out_record_attempt(struct spool_out *out, struct batch *batch,
                                                const struct rendition *rendition, struct why *why);

/* How a try has failed. */
struct batch_failure {
    const struct why *why;     /* borrowed, as is `cause` */
    const struct cause *cause; /* NULL, or not of scope batch: a refusal that was recorded before stays */
    bool is_definite;          /* the store has surely not stored the object */
    bool is_blocked;           /* only a person can help */
    bool is_occupied; /* something is under the batch's key, and it is not proven to be this batch's */
    const char
        *problem; /* the code of what is in the way, for a counter (counters.h); NULL: it is not counted */
};

/* Records a failed try of a batch that is to be shipped. */
MUST_CHECK enum result spool_out_record_failure(struct spool_out *out, struct batch *batch,
                                                const struct batch_failure *failure, struct why *why);

/*
 * Marks the batch shipped. `rendition` is what the store has; NULL: the recorded rendition. `upload_ms` is how long its
 * PUT took, for a counter; below 0: there was none, it was found.
 */
MUST_CHECK enum result spool_out_mark_shipped(struct spool_out *out, struct batch *batch,
                                              const struct rendition *rendition, const char *etag,
                                              bool is_verified, int64_t upload_ms, struct why *why);

/* The retention clock (retention.h). spool_out_report() stores it. */
int64_t spool_out_kept_ms(const struct spool_out *out);

/*
 * Deletes one slice of the rows whose batch was shipped or given up when the retention clock showed at most `before`; what
 * was settled first goes first. Rows that a batch or a copy still needs stay. `*purged` is their number; 0: there are no
 * more.
 */
MUST_CHECK enum result spool_out_purge(struct spool_out *out, enum batch_kind kind, int64_t before,
                                       int64_t *purged, struct why *why);

/* How many rows spool_out_purge() will delete with the same `before`, but for what a batch or a copy still needs. */
MUST_CHECK enum result spool_out_count_purgeable(struct spool_out *out, enum batch_kind kind, int64_t before,
                                                 int64_t *rows, struct why *why);

/* Deletes the rows of old batches whose own rows are purged; never one that leaves a hole in the middle. */
MUST_CHECK enum result spool_out_purge_batches(struct spool_out *out, int64_t before, struct why *why);

/*
 * With REJECTS_PREFIX=none: deletes one slice of the rejects that are in no batch and were kept for at least `keep_ms`; none
 * is kept longer than twice that. Batches of such rejects that are surely not stored are given up, so that
 * spool_out_purge() takes their rows.
 */
MUST_CHECK enum result spool_out_purge_waiting_rejects(struct spool_out *out, int64_t keep_ms,
                                                       int64_t *purged, struct why *why);

/* If more than a quarter of the pages are free, returns some to the file system, for a few milliseconds. */
MUST_CHECK enum result spool_out_vacuum(struct spool_out *out, bool *has_more, struct why *why);

/* What an uploader says of itself. All texts are borrowed. */
struct uploader_report {
    const char *version, *destination; /* of the store, as store_destination() has it */
    int64_t started_at;
    int64_t rotation_ms, max_file_bytes;
    bool is_trial, ships_rejects;
    const struct why *trouble; /* NULL: there is none */
};

/* Reports that this uploader lives, and what `status` and the view `summary` show of it. */
MUST_CHECK enum result spool_out_report(struct spool_out *out, const struct uploader_report *report,
                                        struct why *why);

struct flush_ids {
    int64_t ids[BATCH_KIND_COUNT]; /* ship up to these */
};

/* What the collector and commands want from the uploader; loaded at each turn. */
struct control_row {
    struct flush_ids flush;
    int64_t bytes;         /* received in all, ever */
    int64_t last_event_id; /* of the newest event, */
    int64_t last_event_at; /* and when it was received; 0: there was none */
    bool is_space_low;     /* shipped rows need not be kept for RETENTION */
};
MUST_CHECK enum result spool_out_load_control_row(struct spool_out *out, struct control_row *control_row,
                                                  struct why *why);

/*
 * The collector commits much at present: it copies the write-ahead log into the file itself, and this side does so only
 * where the log has grown much (SPOOL_WAL_FINISH_BYTES). Otherwise each side does after a commit.
 */
void spool_out_leave_log(struct spool_out *out, bool is_left);

/*
 * Marks everything that is in the spool now as due; rejects only if the uploader ships them. `*flush`: up to which ids.
 */
MUST_CHECK enum result spool_out_request_flush(struct spool_out *out, struct flush_ids *flush,
                                               struct why *why);

/* Counts the rows of the kind up to `last_id` that are neither shipped nor given up yet. */
MUST_CHECK enum result spool_out_count_unshipped(struct spool_out *out, enum batch_kind kind, int64_t last_id,
                                                 int64_t *count, struct why *why);

/* Adds the batches of the kind up to `last_id` that a person has settled, and their rows, while these are in the spool. */
MUST_CHECK enum result spool_out_count_resolved(struct spool_out *out, enum batch_kind kind, int64_t last_id,
                                                int64_t *batches, int64_t *rows, struct why *why);

/*
 * The last error of the oldest unshipped batch of the kind that begins at or before `last_id`, and its remedy; the text
 * is "" if none has failed.
 */
MUST_CHECK enum result spool_out_load_trouble(struct spool_out *out, enum batch_kind kind, int64_t last_id,
                                              struct why *trouble, struct why *why);

#endif
