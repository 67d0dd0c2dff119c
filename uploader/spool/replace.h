/*
 * replace -- a batch whose rows are sealed again: it becomes `superseded`, and others cover exactly its range, in the same
 * transaction. So at every commit each id of the sealed ones is in exactly one current batch.
 *
 * All calls may return RES_RETRY or RES_BROKEN, as spool.h says.
 */
#ifndef UPLOADER_SPOOL_REPLACE_H
#define UPLOADER_SPOOL_REPLACE_H

#include "uploader/spool/spool.h"

/* How the rows are sealed this time. All is borrowed. */
struct new_shape {
    const struct batch *like; /* destination, format and so on, identity, sealed_at */
    const struct key_rules *keys;
    int64_t max_bytes; /* of one part; a single row may be larger */
};

/* The parts: their ids go on from the first one's. */
struct cut_parts {
    int64_t first_batch_id, count; /* 0: nothing was done */
};

/*
 * Cuts the batch again: it is split where its rows do not fit, and never merged with another. Only a batch that is to be
 * shipped and is surely not stored; of any other the parts' count is 0 and nothing has happened.
 *   RES_REFUSE   rows are missing; nothing has happened
 */
MUST_CHECK enum result spool_out_cut_again(struct spool_out *out, struct batch *batch,
                                           const struct new_shape *shape, struct cut_parts *parts,
                                           struct why *why);

/*
 * The same in a transaction of the caller. `may_be_stored`: also a batch that may be in the store, whose rows then may
 * load twice, and one that was given up: a person wants it so. After a failure roll the transaction back.
 */
MUST_CHECK enum result spool_out_replace(struct spool_out *out, struct batch *batch,
                                         const struct new_shape *shape, bool may_be_stored,
                                         struct cut_parts *parts, struct why *why);

/*
 * Handles an incident: other bytes are stored under the batch's key, as `incident` explains. Its rows are sealed once more
 * with everything that shapes the bytes, under a key with -rN. `*is_done` is false, and nothing has happened, if the batch
 * has such a key already: that is done once only. `*replacement` is the new batch.
 */
MUST_CHECK enum result spool_out_supersede(struct spool_out *out, struct batch *batch,
                                           const struct why *incident, struct batch *replacement,
                                           bool *is_done, struct why *why);

#endif
