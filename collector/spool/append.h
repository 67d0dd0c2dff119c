/*
 * append -- the collector's side of the spool: makes events durable.
 *
 * Promise: after RES_OK the rows survive a power cut (with SPOOL_SYNC_FULL). With any other result the group is rolled
 * back, and this process must append it again before it ends: after a failed sync its pages may be in the operating
 * system's cache without being on the disk, and only writing them again repairs that.
 * Ids are given out here, without gaps, from counters in the spool.
 */
#ifndef COLLECTOR_SPOOL_APPEND_H
#define COLLECTOR_SPOOL_APPEND_H

#include <stdbool.h>
#include <stdint.h>

#include "common/why.h"

enum spool_sync { SPOOL_SYNC_FULL, SPOOL_SYNC_NORMAL };

struct db;       /* common/db.h */
struct wal;      /* collector/spool/wal.h */
struct group;    /* collector/intake/group.h */
struct spool_in; /* one per process; one thread at a time */

/*
 * Creates or opens the spool; the errors are those of spool_create_or_open() (collector/spool/schema.h). `path` is
 * borrowed until spool_in_close(). `*in` is NULL unless RES_OK.
 */
MUST_CHECK enum result spool_in_open(struct spool_in **in, const char *path, const char *node,
                                     enum spool_sync sync, struct why *why);
void spool_in_close(struct spool_in *in); /* accepts NULL */

/*
 * When unshipped rejects take `max_bytes` together, further ones are capped (collector/spool/reject_cap.h). 0, the
 * initial value: all are kept whole.
 */
void spool_in_cap_rejects(struct spool_in *in, int64_t max_bytes);

/* Why a group could not be appended, as far as that asks for different things. */
enum append_cause {
    APPEND_KEPT,     /* it was appended */
    APPEND_FAILED,   /* locked past the busy timeout, an I/O error, corruption: as `why` says */
    APPEND_FULL,     /* for want of space on the disk: more of it helps, so does the reserve */
    APPEND_TOO_NEW,  /* a newer program has changed the schema: this one must not write any more */
    APPEND_REPLACED, /* the file at `path` is not the one that is open: what is committed there is not found */
    APPEND_LOG_LOST, /* the write-ahead log was deleted or replaced, and what it had could not be saved */
};

/* What became of one call; the next call knows nothing of it. */
struct append_outcome {
    enum append_cause cause;
    bool has_capped; /* of some reject only the beginning was kept */
};

/*
 * Appends the group and the groups chained to it in one transaction. The first try gives the chain its number; a chain
 * that is found in the spool (an earlier commit succeeded though it reported an error) is not appended twice. If a
 * reject became the group, the reject is marked in the same transaction; if it was retried, dismissed or purged
 * meanwhile, the group is void and not appended (collector/intake/group.h).
 *   RES_RETRY    locked past the busy timeout, disk full, I/O error, or a newer schema: append the same chain again
 *   RES_BROKEN   corruption, or the file at `path` or its write-ahead log was replaced: stop reading, ask a person
 */
MUST_CHECK enum result spool_append(struct spool_in *in, struct group *group, struct append_outcome *outcome,
                                    struct why *why);

/*
 * Has the last commit failed by an I/O error? Then a process that ends now has left pages in the log that may not be on
 * the disk, and the next one has to settle it (wal_settle()).
 */
bool spool_in_is_in_doubt(const struct spool_in *in);

/* RES_BROKEN if another file, or none, is at the spool's path: what is committed now is not found there. */
MUST_CHECK enum result spool_in_check_place(const struct spool_in *in, struct why *why);

/*
 * Reads the schema's version, which a newer program may change at any time. RES_RETRY with `*is_too_new` set, and with
 * what a person can do, if this program must not write any more; without it if the version cannot be read now.
 */
MUST_CHECK enum result spool_in_check_schema(struct spool_in *in, bool *is_too_new, struct why *why);

/* The writing connection, for other work between two groups. Borrowed. */
struct db *spool_in_db(struct spool_in *in);

/* Its write-ahead log; wal_settle() must succeed once before the first append. Borrowed. */
struct wal *spool_in_wal(struct spool_in *in);

/* Frees the memory of cached pages; to be called while nothing arrives. */
void spool_in_shrink(struct spool_in *in);

/* ---- sizes ---- */

/*
 * Bytes of the spool's pages: `*used`, and `*unused`, free for the next rows. RES_RETRY if they cannot be read now.
 */
MUST_CHECK enum result spool_in_sizes(struct spool_in *in, int64_t *used, int64_t *unused, struct why *why);

/*
 * Stores for the uploader whether space is short; with `is_urgent` it also asks the uploader to ship all events that
 * are in the spool now, whatever their age.
 *   RES_RETRY   it could not be stored: try again
 */
MUST_CHECK enum result spool_in_report_space(struct spool_in *in, bool is_short, bool is_urgent,
                                             struct why *why);

/* What unshipped rejects take in the spool (collector/spool/reject_rows.h). RES_RETRY: they cannot be counted now. */
MUST_CHECK enum result spool_in_unshipped_rejects(struct spool_in *in, int64_t *bytes, struct why *why);

#endif
