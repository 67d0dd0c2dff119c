/*
 * checkpointer -- a thread that moves the write-ahead log into the spool's file while the writer goes on.
 *
 * It keeps the WAL short without making an event wait. The last part of a checkpoint needs a pause of the writer, so
 * the writer does it itself (collector/spool/wal.h). Without this thread the WAL would grow, but no data would be
 * lost.
 */
#ifndef COLLECTOR_SPOOL_CHECKPOINTER_H
#define COLLECTOR_SPOOL_CHECKPOINTER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/db.h"

struct checkpointer;

/*
 * Opens a connection of its own to the existing spool at `path` and starts the thread. `*checkpointer` is NULL unless
 * RES_OK.
 *   RES_BROKEN   the thread cannot be started; else the errors of spool_open() (common/spool.h)
 */
MUST_CHECK enum result checkpointer_start(struct checkpointer **checkpointer, const char *path,
                                          struct why *why);
void checkpointer_stop(struct checkpointer *checkpointer); /* accepts NULL; waits for the thread */

/* Asks the thread for a checkpoint. Does not wait for it. */
void checkpointer_nudge(struct checkpointer *checkpointer);

/* Does it copy, or has it been asked to and not begun? */
bool checkpointer_is_copying(struct checkpointer *checkpointer);

/* A sign of life, from any thread: for how long the present checkpoint has lasted, in ms; 0: there is none. */
int64_t checkpointer_busy_ms(struct checkpointer *checkpointer);

/* Has a checkpoint ended since the last call? Then `*wal` is its result; it began at `*began_at` (monotonic ms). */
bool checkpointer_take_result(struct checkpointer *checkpointer, struct db_wal *wal, int64_t *began_at);

#endif
