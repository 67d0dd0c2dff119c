/*
 * reship -- the spool's side of `reship`: past batches, what is put again, and copies.
 *
 * Each call is one short transaction, except that the caller copies batches, perhaps many, between db_begin() and
 * db_end(). All may return RES_RETRY (locked, no space, an I/O error) or RES_BROKEN (the spool is damaged).
 */
#ifndef UPLOADER_SPOOL_RESHIP_H
#define UPLOADER_SPOOL_RESHIP_H

#include "uploader/spool/spool.h"

/* A batch as the spool has it, shipped or not. */
struct past_batch {
    struct batch batch; /* its id is 0 if there is none */
    bool has_rows;      /* none of its rows is purged */
};

/* Loads the first batch with the id `from_id` or a later one. */
MUST_CHECK enum result spool_reship_next(struct spool_out *out, int64_t from_id, struct past_batch *past,
                                         struct why *why);

/*
 * Before a shipped batch is put again: records its bytes as they are now. Changes batch->recorded and
 * batch->earlier.
 */
MUST_CHECK enum result spool_reship_record(struct spool_out *out, struct batch *batch,
                                           const struct rendition *rendition, struct why *why);

/* Records that the batch was put again. `etag` is "" if there is none. */
MUST_CHECK enum result spool_reship_mark(struct spool_out *out, int64_t batch_id, const char *etag,
                                         bool is_verified, struct why *why);

/*
 * To be called between db_begin() and db_end(). Seals a copy of the batch, with all that shapes the bytes, under its key
 * with the next -rN; `*is_new` false: there is a copy that is not shipped yet.
 */
MUST_CHECK enum result spool_reship_copy(struct spool_out *out, const struct batch *batch, int64_t *copy_id,
                                         bool *is_new, struct why *why);

/* Copies from `from_id` on that are not shipped yet, and why one of them cannot be: "" if nothing is wrong. */
struct open_copies {
    int64_t count;
    struct why trouble;
};
MUST_CHECK enum result spool_reship_count_open(struct spool_out *out, int64_t from_id,
                                               struct open_copies *copies, struct why *why);

#endif
