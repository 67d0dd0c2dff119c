/*
 * checkpointer -- a thread that moves the write-ahead log into the spool's file while the writer goes on.
 *
 * It keeps the WAL short without making an event wait; the last part, which needs the writer to pause, is the writer's
 * own (spool_in_finish_checkpoint). Losing it would cost space, never data.
 */
#ifndef COLLECTOR_SPOOL_CHECKPOINTER_H
#define COLLECTOR_SPOOL_CHECKPOINTER_H

#include <stdbool.h>

#include "common/db.h"

struct checkpointer;

/* Opens a connection of its own to the spool at `path` (which exists) and starts the thread. */
MUST_CHECK enum result checkpointer_start(struct checkpointer **checkpointer, const char *path,
                                          struct why *why);
void checkpointer_stop(struct checkpointer *checkpointer); /* accepts NULL; waits for the thread */

/* The WAL has grown long enough: do a part of it. Never blocks for long. */
void checkpointer_nudge(struct checkpointer *checkpointer);

/* Has a checkpoint ended since the last call? Then `*wal` is what it has left. */
bool checkpointer_has_news(struct checkpointer *checkpointer, struct db_wal *wal);

#endif
