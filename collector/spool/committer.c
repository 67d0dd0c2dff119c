/* committer -- see committer.h. */
#include "collector/spool/committer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "collector/intake/group.h"
#include "collector/spool/wal.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"

#define FIRST_PAUSE_MS 50
#define LAST_PAUSE_MS  500

/* ---- what the gate hears ---- */

static enum gate_reason reason_of(enum append_cause cause)
{
    switch (cause) {
    case APPEND_TOO_NEW: return GATE_SCHEMA_TOO_NEW;
    case APPEND_REPLACED: return GATE_SPOOL_REPLACED;
    case APPEND_LOG_LOST: return GATE_WAL_LOST;
    case APPEND_KEPT:
    case APPEND_FULL:
    case APPEND_FAILED: break;
    }
    return GATE_COMMIT_FAILING;
}

static const char *remedy_of(const struct why *why)
{
    return *why->remedy ? why->remedy : "close the program that holds the spool, if it does not end";
}

/* A lost log stays a reason until a restart, a lost lock until check_lock() finds it again. */
static void clear_reason(struct committer *c)
{
    bool stays = c->reason == GATE_WAL_LOST || (c->reason == GATE_SPOOL_REPLACED && c->is_disowned);
    if (c->is_failing && !stays) gate_post(c->gate, c->reason, false, NULL, NULL);
    c->is_failing = false;
}

/* The new reason comes before the old one goes: between two posts the gate must not be open. */
static void raise_reason(struct committer *c, enum gate_reason reason, const struct why *why)
{
    gate_post(c->gate, reason, true, why->text, remedy_of(why));
    if (c->is_failing && c->reason != reason) clear_reason(c);
    c->is_failing = true;
    c->reason = reason;
}

/* ---- committing ---- */

static enum result try_once(struct committer *c, struct group *group, struct append_outcome *outcome,
                            struct why *why)
{
    why_clear(why);
    int64_t began_us = clock_monotonic_us();
    turn_begin(c->turn, COMMITTER_CALL);
    enum result res = spool_append(c->spool, group, outcome, why);
    turn_end(c->turn);
    if (res == RES_OK && c->durations) histogram_add(c->durations, clock_monotonic_us() - began_us);
    return res;
}

/* Once more where the disk is full and the reserve can be given up. */
static enum result try_append(struct committer *c, struct group *group, struct append_outcome *outcome,
                              struct why *why)
{
    enum result res = try_once(c, group, outcome, why);
    bool may_be_full = outcome->cause == APPEND_FULL || outcome->cause == APPEND_FAILED;
    if (res != RES_OK && may_be_full &&
        disk_guard_release_reserve(&c->space->guard, outcome->cause == APPEND_FULL))
        res = try_once(c, group, outcome, why);
    return res;
}

static bool is_time_over(struct committer *c)
{
    int64_t due = atomic_load(&c->stop_due);
    return due != 0 && clock_monotonic_ms() >= due;
}

/* Until the next try; a stop does not end the tries, but they come faster. */
static void pause_before_retry(struct committer *c, int *pause_ms)
{
    if (intake_wait_for_close(c->intake, *pause_ms))
        (void)nanosleep(&(struct timespec){.tv_nsec = FIRST_PAUSE_MS * 1000000L}, NULL);
    *pause_ms = *pause_ms * 2 < LAST_PAUSE_MS ? *pause_ms * 2 : LAST_PAUSE_MS;
}

static bool append_at_last(struct committer *c, struct group *group, struct append_outcome *outcome)
{
    struct why why = {0};
    int pause_ms = FIRST_PAUSE_MS;
    if (is_time_over(c)) return false;
    enum result res = try_append(c, group, outcome, &why);
    while (res != RES_OK) {
        raise_reason(c, reason_of(outcome->cause), &why);
        /* A stop need not wait for a schema that will not come back. */
        bool is_stopping = committer_is_stopping(c);
        if (is_time_over(c) || (is_stopping && outcome->cause == APPEND_TOO_NEW)) return false;
        pause_before_retry(c, &pause_ms);
        /* It may wait for the lock that the commit waits for, and a stop has no time for both. */
        if (!is_stopping || outcome->cause == APPEND_FULL) space_keeper_update(c->space, false);
        res = try_append(c, group, outcome, &why);
    }
    clear_reason(c);
    return true;
}

static void count(struct committer *c, const struct group *group, bool is_kept)
{
    struct committer_counts *counts = is_kept ? &c->kept : &c->lost;
    for (; group; group = group->next) {
        for (size_t i = 0; i < group->item_count; i++) {
            const struct item *item = &group->items[i];
            counts->bytes += (int64_t)item->bytes;
            counts->events += item->kind == ITEM_EVENT;
            counts->rejects += item->kind == ITEM_REJECT;
            if (is_kept && item->kind == ITEM_REJECT) c->unlogged[item->reason]++;
        }
    }
}

bool committer_commit(struct committer *c, struct group *group)
{
    struct append_outcome outcome = {.cause = APPEND_FAILED};
    bool is_kept = append_at_last(c, group, &outcome);
    c->has_capped |= is_kept && outcome.has_capped;
    count(c, group, is_kept);
    atomic_store(&c->lost_bytes, c->lost.bytes);
    return is_kept;
}

void committer_log_rejects(struct committer *c)
{
    struct buf fields = BUF_EMPTY;
    for (int i = 0; i < REJECT_REASON_COUNT; i++) {
        if (c->unlogged[i] == 0) continue;
        buf_append_format(&fields, "%s%s=%" PRIu64, fields.len > 0 ? " " : "",
                          reject_reason_name((enum reject_reason)i), c->unlogged[i]);
        c->unlogged[i] = 0;
    }
    if (fields.len > 0) log_warn("rejects arrived", "%.*s", (int)fields.len, fields.data);
    buf_fini(&fields);
}

/* ---- between groups ---- */

/*
 * Two collectors must not go on side by side: each looks after log, reserve and ceiling as if alone. What has been read is
 * committed all the same, which is safe: ids are given out within the transaction.
 */
static void check_lock(struct committer *c)
{
    struct why why = {0};
    bool was_disowned = c->is_disowned;
    bool is_replaced = c->is_failing && c->reason == GATE_SPOOL_REPLACED;
    c->is_disowned = c->lock && lockfile_keep(c->lock, &why) != RES_OK;
    if (c->is_disowned)
        gate_post(c->gate, GATE_SPOOL_REPLACED, true, why.text, remedy_of(&why));
    else if (was_disowned && !is_replaced)
        gate_post(c->gate, GATE_SPOOL_REPLACED, false, NULL, NULL);
}

/* A reason of these two that is over ends only when it is known that the other one does not take its place. */
static void check_schema(struct committer *c)
{
    struct why why = {0};
    bool is_too_new = false;
    enum result res = spool_in_check_schema(c->spool, &is_too_new, &why);
    if (is_too_new)
        raise_reason(c, GATE_SCHEMA_TOO_NEW, &why);
    else if (res == RES_OK && c->is_failing &&
             (c->reason == GATE_SCHEMA_TOO_NEW || c->reason == GATE_SPOOL_REPLACED))
        clear_reason(c);
}

/* While nothing comes, no commit shows that the spool's file is gone. */
static bool check_place(struct committer *c)
{
    struct why why = {0};
    enum result res = spool_in_check_place(c->spool, &why);
    if (res != RES_OK) raise_reason(c, GATE_SPOOL_REPLACED, &why);
    return res == RES_OK;
}

/*
 * What is committed is safe in the spool's file, but reading on is not: see wal_keep(). So until a restart. False: what
 * is read from the spool may be another program's pages.
 */
static bool check_log(struct committer *c)
{
    struct wal *wal = spool_in_wal(c->spool);
    struct why why = {0};
    enum result res = wal_keep(wal, &why);
    if (!wal_is_lost(wal)) return true;
    if (res == RES_OK)
        (void)why_set(
            &why, res,
            "the spool's write-ahead log was deleted or replaced while in use; what was committed has been "
            "saved into the spool's file");
    (void)why_remedy(&why, res, "stop the uploader and the collector, then start them again");
    gate_post(c->gate, GATE_WAL_LOST, true, why.text, remedy_of(&why)); /* beside any other reason */
    return res != RES_BROKEN;
}

/* A commit that hung has ended, and the one that watched it may have seen that late. */
static void end_hanging(struct committer *c)
{
    bool is_failing = c->is_failing && c->reason == GATE_COMMIT_FAILING;
    if (atomic_exchange(&c->is_hanging, false) && !is_failing)
        gate_post(c->gate, GATE_COMMIT_FAILING, false, NULL, NULL);
}

void committer_check(struct committer *c)
{
    end_hanging(c);
    check_lock(c);
    if (check_log(c) && check_place(c)) check_schema(c);
}

/* ---- any thread ---- */

void committer_set_stop(struct committer *c, int64_t due)
{
    atomic_store(&c->stop_due, due);
}

bool committer_is_stopping(struct committer *c)
{
    return atomic_load(&c->stop_due) != 0;
}

void committer_watch(struct committer *c)
{
    const char *call = NULL;
    int64_t lasts = turn_lasts(c->turn, &call);
    char message[PROBLEM_TEXT_SIZE];
    if (lasts < TURN_STALLED_MS || strcmp(call, COMMITTER_CALL) != 0) return;
    (void)snprintf(message, sizeof message, "a commit has been waiting for the disk for %" PRId64 " s",
                   lasts / 1000);
    gate_post(c->gate, GATE_COMMIT_FAILING, true, message,
              "check the disk of SPOOL_PATH: it does not answer");
    atomic_store(&c->is_hanging, true); /* behind the post: whoever sees it then clears what was raised */
}
