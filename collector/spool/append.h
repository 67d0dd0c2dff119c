/*
 * append -- the collector's side of the spool: make events durable.
 *
 * Promise: after RES_OK the rows survive a power cut (with SPOOL_SYNC_FULL). Any other answer means that the group is
 * rolled back and must be appended again by this process before it ends: after a failed sync the pages may be in the
 * operating system's cache without being on the disk, and only writing them again mends that.
 * Ids are given out here, without gaps, from counters that live in the spool.
 */
#ifndef COLLECTOR_SPOOL_APPEND_H
#define COLLECTOR_SPOOL_APPEND_H

#include <stdbool.h>
#include <stdint.h>

#include "common/why.h"

enum spool_sync { SPOOL_SYNC_FULL, SPOOL_SYNC_NORMAL };

struct db;       /* common/db.h */
struct db_wal;   /* common/db.h */
struct group;    /* collector/intake/group.h */
struct spool_in; /* opaque; one per process, one thread at a time */

/* As spool_create_or_open(). `path` is borrowed for the spool's life. `*in` is NULL unless RES_OK. */
MUST_CHECK enum result spool_in_open(struct spool_in **in, const char *path, const char *node,
                                     enum spool_sync sync, struct why *why);
void spool_in_close(struct spool_in *in); /* accepts NULL */

/* Of unshipped rejects beyond `max_bytes` together only the beginning is kept (collector/spool/reject_cap.h); 0: all of them. */
void spool_in_cap_rejects(struct spool_in *in, int64_t max_bytes);

/*
 * Must succeed once before the first append: moves all of the WAL into the file. Frames that an earlier process could
 * not sync would else lie under ours, and a power cut would take both.
 *   RES_RETRY   another connection is in the way: try again, and read no sockets until then
 */
MUST_CHECK enum result spool_in_settle(struct spool_in *in, struct why *why);

/*
 * Appends the group, and those chained to it, in one transaction. Gives the first one its number at the first try; a
 * chain that turns out to be there already (its commit succeeded after all) is not appended twice. A group that a reject
 * became marks it in the same transaction, and is void where that was settled meanwhile (collector/intake/group.h).
 *   RES_RETRY    locked past the busy timeout, the disk is full, an I/O error, a newer schema
 *   RES_BROKEN   corruption, or the file at `path` is another one now, or another write-ahead log lies beside it
 */
MUST_CHECK enum result spool_append(struct spool_in *in, struct group *group, struct why *why);

/* The writing connection, for what else is done between two groups. Borrowed. */
struct db *spool_in_db(struct spool_in *in);

/* Gives back the memory of cached pages; for a quiet moment. */
void spool_in_shrink(struct spool_in *in);

/* ---- what the last try has met, besides its result ---- */

bool spool_in_was_full(const struct spool_in *in); /* it failed because the disk is full */
bool spool_in_is_too_new(
    const struct spool_in *in); /* a newer program has changed the schema: nothing is written any
                                                        more, the program must end with 75 */
bool spool_in_caps_rejects(const struct spool_in *in); /* of some reject only the beginning was kept */

/* ---- the write-ahead log ---- */

/*
 * Is the log still where other programs look for it? Where it has been deleted, all that is committed is moved into the
 * spool's file: it is safe then, and appending goes on doing so. But nothing more should be read: as soon as another
 * program opens the spool, it makes a log of its own, and the two would overwrite each other's pages.
 *   RES_RETRY    it is gone, and the move did not work yet: try again
 *   RES_BROKEN   another program has written to a log of its own by now: what lay in ours is lost
 */
MUST_CHECK enum result spool_in_keep_wal(struct spool_in *in, struct why *why);
bool spool_in_has_lost_wal(const struct spool_in *in); /* once and for all */

/* Bytes in the WAL after the last commit. */
int64_t spool_in_wal_bytes(const struct spool_in *in);

/* The WAL's length on the disk, which is more where it has been longer; 0 where it cannot be told. */
int64_t spool_in_wal_file_bytes(const struct spool_in *in);

/*
 * The writer's part of a checkpoint, between two groups: if nobody reads or checkpoints meanwhile, the next group starts
 * the WAL again. false: it could not be done now, and `*wal` says nothing.
 */
bool spool_in_finish_checkpoint(struct spool_in *in, struct db_wal *wal);

/*
 * Likewise, but waits for readers and for another checkpoint, some tenths of a second at most: then the next group does
 * start the WAL again. false: not done; `wal->frames` is negative where another checkpoint was in the way.
 */
bool spool_in_restart_wal(struct spool_in *in, struct db_wal *wal);

/* Empties the WAL where nobody is in the way; waits for some ms at most. For a moment when nothing is to be appended. */
void spool_in_truncate_wal(struct spool_in *in);

/* ---- room ---- */

/* Bytes in the spool's pages: in use, and free for the next rows. RES_RETRY when it cannot be told now. */
MUST_CHECK enum result spool_in_sizes(struct spool_in *in, int64_t *used, int64_t *unused, struct why *why);

/*
 * Tells the uploader whether space is short; `is_urgent`: it shall ship all that is there now, whatever its age.
 *   RES_RETRY   not said: try again
 */
MUST_CHECK enum result spool_in_report_space(struct spool_in *in, bool is_short, bool is_urgent,
                                             struct why *why);

/* Bytes of rejects that are kept and not shipped. */
MUST_CHECK enum result spool_in_unshipped_rejects(struct spool_in *in, int64_t *bytes, struct why *why);

#endif
