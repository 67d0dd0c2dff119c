/* wal_keeper -- see wal_keeper.h. */
#include "collector/spool/wal_keeper.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/spool/schema.h"
#include "common/clock.h"
#include "common/spool.h"

/* A longer log is copied as soon as nothing comes: on a disk that is full its file is space to go on with. */
#define QUIET_BYTES (1 << 20)
#define STALL_MS    500        /* without progress: no slice of the uploader's takes so long */
#define RETRY_MS    1000       /* between tries from then on */
#define STEP_BYTES  (16 << 20) /* the problem's text follows the log's growth in such steps */
#define MIB         (1 << 20)

bool wal_hold_note(struct wal_hold *hold, int64_t bytes, int64_t copied, int64_t now_ms)
{
    bool is_moving = copied != hold->copied || bytes - copied <= SPOOL_WAL_PASSIVE_BYTES;
    hold->copied = copied;
    if (is_moving)
        hold->since = 0;
    else if (hold->since == 0)
        hold->since = now_ms;
    return hold->since != 0 && now_ms - hold->since >= WAL_HELD_MS;
}

static void raise_foreign_reader(struct wal_keeper *k, int64_t bytes)
{
    char message[PROBLEM_TEXT_SIZE];
    (void)snprintf(
        message, sizeof message,
        "another program has been reading the spool for more than %d s without an end: the write-ahead log "
        "cannot be emptied and has grown to more than %" PRId64 " MiB",
        WAL_HELD_MS / 1000, bytes / STEP_BYTES * STEP_BYTES / MIB);
    problems_raise(k->problems, PROBLEM_FOREIGN_READER, message,
                   "end that query or transaction: close the sqlite3 or the tool that has the spool open");
}

/* What a checkpoint has left. */
static void note(struct wal_keeper *k, const struct db_wal *wal)
{
    int64_t bytes = (int64_t)wal->frames * SPOOL_PAGE_SIZE;
    int64_t copied = (int64_t)wal->copied * SPOOL_PAGE_SIZE;
    k->is_held = wal_hold_note(&k->hold, bytes, copied, clock_monotonic_ms());
    k->is_unfinished = copied < bytes;
    if (k->is_held)
        raise_foreign_reader(k, bytes);
    else
        problems_end(k->problems, PROBLEM_FOREIGN_READER);
}

/* The writer's own part. While a reader is in the way it is tried now and then, not after each group. */
static void finish(struct wal_keeper *k, int64_t bytes)
{
    struct db_wal wal = {.frames = -1};
    int64_t now = clock_monotonic_ms();
    if (now < k->finish_at) return;
    if (bytes > SPOOL_WAL_RESTART_BYTES)
        (void)spool_in_restart_wal(k->spool, &wal);
    else
        (void)spool_in_finish_checkpoint(k->spool, &wal);
    if (wal.frames >= 0)
        note(k, &wal);
    else
        k->is_unfinished = true;
    if (k->hold.since != 0 && now - k->hold.since > STALL_MS) k->finish_at = now + RETRY_MS;
}

static void take_checkpoint_result(struct wal_keeper *k)
{
    struct db_wal wal;
    if (checkpointer_take_result(k->checkpointer, &wal)) note(k, &wal);
}

void wal_keeper_maintain(struct wal_keeper *k)
{
    int64_t bytes = spool_in_wal_bytes(k->spool);
    if (spool_in_has_lost_wal(k->spool)) return; /* another program may have one of its own by now */
    take_checkpoint_result(k);
    k->is_unfinished |= bytes > QUIET_BYTES;
    if (bytes > SPOOL_WAL_FINISH_BYTES)
        finish(k, bytes);
    else if (bytes > SPOOL_WAL_PASSIVE_BYTES)
        checkpointer_nudge(k->checkpointer);
}

void wal_keeper_maintain_quiet(struct wal_keeper *k)
{
    if (spool_in_has_lost_wal(k->spool)) return;
    take_checkpoint_result(k);
    if (k->is_unfinished)
        checkpointer_nudge(k->checkpointer);
    else if (spool_in_wal_file_bytes(k->spool) > WAL_FILE_BYTES)
        spool_in_truncate_wal(k->spool);
}

bool wal_keeper_is_busy(const struct wal_keeper *k)
{
    return k->is_unfinished || spool_in_wal_file_bytes(k->spool) > WAL_FILE_BYTES;
}
