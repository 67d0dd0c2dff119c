/*
 * committer -- commits groups of events, each for as long as it takes, and tells the gate while that does not succeed.
 *
 * A group that cannot be committed stays and is tried until it can: reading stops, TCP holds the senders back. Nothing
 * is given up but at a stop, when the time for it is over: that is counted. It raises and clears four reasons of the
 * gate: commit_failing, spool_replaced, schema_too_new, wal_lost. The writer's thread only, but for what is said.
 */
#ifndef COLLECTOR_SPOOL_COMMITTER_H
#define COLLECTOR_SPOOL_COMMITTER_H

#include <stdatomic.h>

#include "collector/framing/event.h"
#include "collector/intake/intake.h"
#include "collector/spool/append.h"
#include "collector/spool/space_keeper.h"
#include "common/histogram.h"
#include "common/lockfile.h"
#include "common/turn.h"

#define COMMITTER_CALL "commit" /* what its thread's sign of life says while it commits */

struct committer_counts {
    int64_t events, rejects;
    int64_t bytes; /* as received */
};

struct committer {
    struct spool_in *spool; /* borrowed, as the next six */
    struct intake *intake;
    struct gate *gate;
    struct space_keeper *space;
    struct turn *turn;
    const struct lockfile *lock; /* NULL: there is none to be looked after */
    struct histogram *durations; /* of commits that succeed; NULL: nobody wants to know */

    bool is_disowned; /* another collector holds the lock */
    bool is_failing;  /* `reason` has been raised */
    enum gate_reason reason;
    atomic_bool is_hanging;     /* commit_failing was raised because a commit hangs */
    _Atomic int64_t stop_due;   /* monotonic ms: at a stop, nothing is tried after it; 0: no stop */
    _Atomic int64_t lost_bytes; /* as `lost`, for other threads */
    bool has_capped;            /* a reject was cut since the caller has reset this */
    struct committer_counts kept, lost;
    uint64_t
        unlogged[REJECT_REASON_COUNT]; /* rejects that were committed since the last log line about them */
};

/* Commits the chain of groups; false if the time for a stop was over before it could be. */
bool committer_commit(struct committer *committer, struct group *group);

/*
 * Between groups, and now and then while nothing comes: is the schema still one that this program may write to, and are
 * the spool, its write-ahead log and the lock file still in their places?
 */
void committer_check(struct committer *committer);

/* One line in the log for all rejects that were committed since the last one. */
void committer_log_rejects(struct committer *committer);

/* ---- any thread ---- */

/* A stop: what is not committed at `due` (monotonic ms) is given up. */
void committer_set_stop(struct committer *committer, int64_t due);

bool committer_is_stopping(struct committer *committer);

/* To be called now and then: a commit that hangs (TURN_STALLED_MS) is one that fails. */
void committer_watch(struct committer *committer);

#endif
