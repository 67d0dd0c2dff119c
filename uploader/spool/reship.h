/*
 * reship -- the spool's side of `reship`: which batches there were, what is put again, copies.
 *
 * Each call is one short transaction but the copying of many batches, which the caller puts between db_begin() and
 * db_end(). All may say RES_RETRY (locked, no space, an I/O error) or RES_BROKEN (damaged).
 */
#ifndef UPLOADER_SPOOL_RESHIP_H
#define UPLOADER_SPOOL_RESHIP_H

#include "uploader/spool/spool.h"

/* A batch of the past. */
struct past_batch {
    struct batch batch; /* id 0: there is none */
    bool is_shipped, is_abandoned, is_copy;
    bool has_rows; /* all of them are still in the spool */
};

/* The first batch with id `from_id` or later. */
MUST_CHECK enum result spool_reship_next(struct spool_out *out, int64_t from_id, struct past_batch *past,
                                         struct why *why);

/* Before a shipped batch is put again: these are its bytes now. Moves batch->recorded and batch->earlier. */
MUST_CHECK enum result spool_reship_record(struct spool_out *out, struct batch *batch,
                                           const struct rendition *rendition, struct why *why);

/* It was put again. `etag` "" where there is none. */
MUST_CHECK enum result spool_reship_mark(struct spool_out *out, int64_t batch_id, const char *etag,
                                         bool is_verified, struct why *why);

/* A copy of the batch under the next key that no batch has; or the one that is on its way already, `*is_new` false. */
MUST_CHECK enum result spool_reship_copy(struct spool_out *out, const struct batch *batch, int64_t *copy_id,
                                         bool *is_new, struct why *why);

/* Copies from `from_id` on that are not shipped yet; what stands in the way of one of them: "" nothing. */
struct open_copies {
    int64_t count;
    struct why trouble;
};
MUST_CHECK enum result spool_reship_count_open(struct spool_out *out, int64_t from_id,
                                               struct open_copies *copies, struct why *why);

#endif
