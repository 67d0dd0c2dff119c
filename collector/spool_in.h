/*
 * spool_in -- the collector's side of the spool: make events durable.
 *
 * Promise: after RES_OK the rows survive a power cut (with SPOOL_SYNC_FULL). Any other answer means that the group is
 * rolled back and must be appended again by this process before it ends: after a failed sync the pages may be in the
 * operating system's cache without being on the disk, and only writing them again mends that.
 * Ids are given out here, without gaps, from counters that live in the spool.
 */
#ifndef COLLECTOR_SPOOL_IN_H
#define COLLECTOR_SPOOL_IN_H

#include <stdint.h>

#include "common/why.h"

enum spool_sync { SPOOL_SYNC_FULL, SPOOL_SYNC_NORMAL };

struct db;       /* common/db.h */
struct group;    /* collector/group.h */
struct spool_in; /* opaque; one per process, one thread at a time */

/* As spool_create_or_open(). `path` is borrowed for the spool's life. `*in` is NULL unless RES_OK. */
MUST_CHECK enum result spool_in_open(struct spool_in **in, const char *path, const char *node,
                                     enum spool_sync sync, struct why *why);
void spool_in_close(struct spool_in *in); /* accepts NULL */

/*
 * Must succeed once before the first append: moves all of the WAL into the file. Frames that an earlier process could
 * not sync would else lie under ours, and a power cut would take both.
 *   RES_RETRY   another connection is in the way: try again, and read no sockets until then
 */
MUST_CHECK enum result spool_in_settle(struct spool_in *in, struct why *why);

/*
 * Appends the group, and those chained to it, in one transaction. Gives the first one its number at the first try; a
 * chain that turns out to be there already (its commit succeeded after all) is not appended twice. A group that a reject
 * became marks it in the same transaction, and is void where that was settled meanwhile (collector/group.h).
 *   RES_RETRY    locked past the busy timeout, the disk is full, an I/O error
 *   RES_BROKEN   corruption, or the file at `path` is another one now
 */
MUST_CHECK enum result spool_append(struct spool_in *in, struct group *group, struct why *why);

/* The writing connection, for what else is done between two groups. Borrowed. */
struct db *spool_in_db(struct spool_in *in);

/* Gives back the memory of cached pages; for a quiet moment. */
void spool_in_shrink(struct spool_in *in);

/* Bytes in the WAL after the last commit. */
int64_t spool_in_wal_bytes(const struct spool_in *in);

/* The writer's part of a checkpoint, between two groups: if nobody reads or checkpoints meanwhile, the next group starts
 * the WAL again. */
void spool_in_finish_checkpoint(struct spool_in *in);

#endif
