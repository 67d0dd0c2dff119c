/*
 * wal_keeper -- keeps the spool's write-ahead log short, and sees when somebody's long read does not let it.
 *
 * Checkpoints run in a thread of their own above SPOOL_WAL_PASSIVE_BYTES; above SPOOL_WAL_FINISH_BYTES the writer does
 * the last part between two groups, so that the next one starts the log again. A reader that holds a snapshot lets no
 * checkpoint pass it: the log grows, which is a problem `foreign_reader`, and falls back when that has ended, though no
 * more events may come. The writer's thread only.
 */
#ifndef COLLECTOR_SPOOL_WAL_KEEPER_H
#define COLLECTOR_SPOOL_WAL_KEEPER_H

#include "collector/spool/append.h"
#include "collector/spool/checkpointer.h"
#include "common/problems.h"

#define WAL_HELD_MS    5000       /* of checkpoints without progress: then a reader is in the way */
#define WAL_FILE_BYTES (64 << 20) /* the log's file falls back below this */

/* ---- the decision, pure ---- */

struct wal_hold {
    int64_t copied; /* bytes, by the last checkpoint */
    int64_t since;  /* monotonic ms: the first checkpoint without progress; 0: there was none */
};

/* A checkpoint has ended: the log has `bytes`, of which `copied` are copied. Returns whether a reader holds the log. */
bool wal_hold_note(struct wal_hold *hold, int64_t bytes, int64_t copied, int64_t now_ms);

/* ---- the keeper ---- */

struct wal_keeper {
    struct spool_in *spool;
    struct checkpointer *checkpointer;
    struct problems *problems;
    struct wal_hold hold;
    bool is_held, is_unfinished;
    int64_t finish_at; /* monotonic: not before */
};

/* After each group. */
void wal_keeper_maintain(struct wal_keeper *keeper);

/* Now and then while nothing comes. */
void wal_keeper_maintain_quiet(struct wal_keeper *keeper);

/* Is there work left that wants a look every second? */
bool wal_keeper_is_busy(const struct wal_keeper *keeper);

#endif
