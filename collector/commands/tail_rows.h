/*
 * tail_rows -- rows of the spool as `collector tail` reads and shows them: no payload, no personal data.
 *
 * Each call reads one slice of at most TAIL_SLICE rows by their ids, in a transaction of its own that ends with the call.
 * What a filter leaves out is left out after it was read, so no query runs longer the fewer rows match.
 */
#ifndef COLLECTOR_COMMANDS_TAIL_ROWS_H
#define COLLECTOR_COMMANDS_TAIL_ROWS_H

#include "collector/commands/tail_options.h"
#include "common/buf.h"
#include "common/db.h"

#define TAIL_SLICE 1000

struct tail_rows {
    const struct tail_options *options; /* borrowed */
    struct stmt *load;
};

/* Prepares the query. tail_rows_close() is due in either case. */
MUST_CHECK enum result tail_rows_open(struct tail_rows *rows, struct db *db,
                                      const struct tail_options *options, struct why *why);
void tail_rows_close(struct tail_rows *rows);

/* The id of the newest row; 0 if there was none yet. */
MUST_CHECK enum result tail_rows_newest(const struct tail_rows *rows, struct db *db, int64_t *id,
                                        struct why *why);

/*
 * Reads the rows behind the id `*after`, which then is the last one's, and appends a line for each that matches.
 * `*count` is how many were read: fewer than TAIL_SLICE if there are no more.
 */
MUST_CHECK enum result tail_rows_read(struct tail_rows *rows, int64_t *after, int *count, struct buf *lines,
                                      struct why *why);

/*
 * Reads the TAIL_SLICE ids up to `last`. `*count` is how many of them match, and `ids` has theirs, in order.
 */
MUST_CHECK enum result tail_rows_match(struct tail_rows *rows, int64_t last, int64_t ids[TAIL_SLICE],
                                       int *count, struct why *why);

#endif
