/*
 * wal_barrier -- lets nobody begin to read the spool for a moment, so that the readers of now come to an end and the
 * write-ahead log can begin again.
 *
 * A reader begins at the newest of the log's few read marks. While the barrier stands at the log's end and holds that
 * mark's lock, a new reader finds it taken and waits; SQLite repeats for some 10 s before it gives up, far longer than a
 * barrier stands. Readers that have begun go on undisturbed. Once all of the log has been copied nobody is kept out: a
 * reader then needs the file alone, and is not in the log's way.
 * Overlapping readers may use all marks, so two are reserved beforehand. While they are, the log cannot begin again,
 * which takes the locks of all. The writer's thread only.
 */
#ifndef COLLECTOR_SPOOL_WAL_BARRIER_H
#define COLLECTOR_SPOOL_WAL_BARRIER_H

#include <stdbool.h>

#include "common/why.h"

struct wal_barrier;

/*
 * Opens the existing spool, for a connection of its own: one cannot read while it holds such a lock. The errors are
 * those of spool_open(). `*barrier` is NULL unless RES_OK.
 */
MUST_CHECK enum result wal_barrier_open(struct wal_barrier **barrier, const char *path, struct why *why);
void wal_barrier_close(struct wal_barrier *barrier); /* accepts NULL; releases it */

/*
 * Takes two marks that nobody uses, without keeping anybody out yet: one for the barrier, and one for our own connection,
 * which is to come in before. False: too many are in use, but what could be had is kept. Does not wait.
 */
bool wal_barrier_reserve(struct wal_barrier *barrier);

/* Leaves a mark free for our own connection, which begins to read at once. */
void wal_barrier_let_in(struct wal_barrier *barrier);

/*
 * Raises the reserved barrier at the log's end between two commits, or moves it to the new end after a commit. False: new
 * readers can begin, since somebody has begun at the log's end already, or nothing was reserved. Does not wait.
 */
bool wal_barrier_raise(struct wal_barrier *barrier);

/* Lets readers begin again; what was reserved stays so. */
void wal_barrier_lower(struct wal_barrier *barrier);

/* Gives all marks back, raised or not. */
void wal_barrier_release(struct wal_barrier *barrier);

/* With how many marks does anybody read, this process included? Each may be that of many readers. Does not wait. */
int wal_barrier_count_marks(struct wal_barrier *barrier);

#endif
