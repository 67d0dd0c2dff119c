/*
 * insert -- writes the row of a batch, under the next key that may be used: everything that is sealed, whether for the
 * first time, cut again, after an incident or as a copy, goes through here. Only the files of this room include it.
 */
#ifndef UPLOADER_SPOOL_INSERT_H
#define UPLOADER_SPOOL_INSERT_H

#include "uploader/spool/spool.h"

/*
 * To be called in a transaction. Sets the batch's repetition, key and id. `keys` NULL: the key stays as it is, but for its
 * -rN.
 *   RES_REFUSE   there is no key left
 */
MUST_CHECK enum result spool_out_insert(struct spool_out *out, struct batch *batch,
                                        const struct key_rules *keys, struct why *why);

/*
 * The running byte total before a row.
 *   RES_REFUSE   the row is missing
 */
MUST_CHECK enum result spool_out_bytes_before(struct spool_out *out, enum batch_kind kind, int64_t id,
                                              int64_t *bytes, struct why *why);

#endif
