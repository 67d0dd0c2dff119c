/*
 * wal -- see wal.h. Nothing here can lose a row: where copying fails the log grows, and the next look tries again.
 */
#include "collector/spool/wal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "collector/spool/checkpointer.h"
#include "collector/spool/foreign_reader.h"
#include "collector/spool/wal_barrier.h"
#include "collector/spool/wal_policy.h"
#include "common/clock.h"
#include "common/db.h"
#include "common/log.h"
#include "common/log_place.h"
#include "common/spool.h"

#define NAP_US      1000 /* between two tries to copy */
#define THREAD_MS   300 /* how long the writer waits for the thread's checkpoint if the log must not grow on */
#define TRUNCATE_MS 20  /* how long emptying the log waits for readers */

struct wal {
    struct db *db;
    struct log_place *place; /* of the log that is open, and of its index */
    int64_t page_size;
    int pages; /* after the last commit */
    bool is_lost;
    struct wal_policy policy;
    struct checkpointer *checkpointer; /* NULL: nobody has asked to keep the log short */
    struct wal_barrier *barrier;       /* NULL: it could not be had, and nobody is kept out */
    bool is_closed;                    /* no new reader is let in */
    struct stmt *pin; /* a read that lasts as long, so that our own connection is in already */
    bool is_in;       /* it is */
    struct foreign_reader *reader;
};

static void note_commit(void *context, int wal_pages)
{
    struct wal *w = context;
    if (w->is_closed) (void)wal_barrier_raise(w->barrier); /* at the log's new end */
    w->pages = wal_pages;
    wal_policy_note_commit(&w->policy, wal_bytes(w), clock_monotonic_ms());
}

/* For the log to begin again. */
static void release_marks(struct wal *w)
{
    if (w->barrier && !w->is_closed) wal_barrier_release(w->barrier);
}

static void go_out(struct wal *w)
{
    stmt_reset(w->pin);
    w->is_in = false;
}

static void open_again(struct wal *w, bool is_done)
{
    int64_t now = clock_monotonic_ms();
    log_debug("readers of the spool were kept out for a moment", "ms=%" PRId64 " done=%d",
              now - w->policy.closed_at, is_done);
    w->is_closed = false;
    go_out(w);
    wal_barrier_lower(w->barrier);
    wal_policy_note_opened(&w->policy, is_done, now);
}

/*
 * A commit of another program has come between ours, so that we must come in anew. Or another program empties the log,
 * and holds the lock that we wait for until our marks are free.
 */
static bool note_busy(void *context)
{
    struct wal *w = context;
    bool was_closed = w->is_closed;
    if (was_closed) open_again(w, false);
    release_marks(w);
    return was_closed;
}

/* Also while no commit succeeds: on a full disk the uploader must be able to purge. */
static void open_in_time(struct wal *w)
{
    if (w->is_closed && !wal_policy_wants_closed(&w->policy, clock_monotonic_ms())) open_again(w, false);
}

/* The log cannot be emptied while a mark is reserved. */
static void let_all_in(struct wal *w)
{
    if (w->is_closed) open_again(w, false);
    release_marks(w);
}

enum result wal_open(struct wal **out, struct db *db, struct why *why)
{
    struct wal *w = calloc(1, sizeof *w);
    if (!w) abort();
    w->db = db;
    wal_policy_init(&w->policy, clock_monotonic_ms());
    enum result res = db_get_int(db, "PRAGMA page_size", &w->page_size, why);
    if (res == RES_OK) res = db_keep_log(db, why);
    if (res == RES_OK) res = stmt_prepare(&w->pin, db, "SELECT 1 FROM sqlite_schema", why);
    if (res == RES_OK) {
        w->place = db_log_place(db);
        db_on_commit(db, note_commit, w);
        db_on_busy(db, note_busy, w);
    } else {
        free(w);
        w = NULL;
    }
    *out = w;
    return res;
}

void wal_close(struct wal *w)
{
    if (!w) return;
    stmt_free(w->pin);
    foreign_reader_free(w->reader);
    wal_barrier_close(w->barrier);
    free(w);
}

/* Empties the log. */
static enum result empty(struct wal *w, struct why *why)
{
    struct db_wal wal;
    let_all_in(w);
    enum result res = db_checkpoint(w->db, DB_TRUNCATE, &wal, why);
    if (res != RES_OK) return res;
    w->pages = 0;
    wal_policy_note_empty(&w->policy, clock_monotonic_ms());
    return RES_OK;
}

enum result wal_settle(struct wal *w, struct why *why)
{
    enum result res = empty(w, why);
    return res == RES_OK ? res : why_wrap(why, res, "settle the spool's write-ahead log");
}

/* ---- its place ---- */

enum result wal_refuse_other(struct wal *w, struct why *why)
{
    enum in_place place = log_place_guard(w->place);
    open_in_time(w);
    if (place == PLACE_OURS || place == PLACE_EMPTY) return RES_OK;
    w->is_lost = true;
    (void)why_remedy(why, RES_BROKEN, "stop the uploader and the collector, then start them again");
    return why_set(why, RES_BROKEN, "%s was replaced while in use", log_place_lost(w->place));
}

enum result wal_keep(struct wal *w, struct why *why)
{
    enum in_place place = log_place_guard(w->place);
    const char *path = log_place_lost(w->place);
    if (place == PLACE_OURS) return RES_OK;
    w->is_lost = true;
    if (place ==
        PLACE_TAKEN) /* log and index do not belong together any more, so nothing can be checkpointed */
        return why_set(why, RES_BROKEN, "%s was replaced while in use, and written", path);
    enum result res = empty(w, why);
    return res == RES_OK
               ? res
               : why_wrap(why, res, "%s was deleted while in use; move its rows into the spool's file", path);
}

bool wal_is_lost(const struct wal *w)
{
    return w->is_lost;
}

/* ---- its length ---- */

int64_t wal_bytes(const struct wal *w)
{
    return w->pages * w->page_size;
}

int64_t wal_file_bytes(const struct wal *w)
{
    struct stat st;
    return stat(db_wal_path(w->db), &st) == 0 ? st.st_size : 0;
}

static void note_checkpoint(struct wal *w, const struct db_wal *wal, int64_t began_at)
{
    wal_policy_note_checkpoint(&w->policy, wal->frames * w->page_size, wal->copied * w->page_size, began_at);
}

enum copied {
    COPIED_NOTHING, /* it was not possible; most often since the thread is at it */
    COPIED_PART,    /* readers do not allow the rest */
    COPIED_ALL,
};

static enum copied copy(struct wal *w, enum db_checkpoint how)
{
    struct why why = {0};
    int64_t began_at = clock_monotonic_ms();
    struct db_wal wal = {.frames = -1};
    if (w->is_lost) return COPIED_NOTHING; /* wal_keep() knows what may be copied */
    enum result res = db_checkpoint(w->db, how, &wal, &why);
    if (res != RES_OK) log_debug("a checkpoint was not possible now", "why=%s", LOG_QUOTE(why.text));
    if (wal.frames < 0) return COPIED_NOTHING;
    note_checkpoint(w, &wal, began_at);
    if (res != RES_OK || wal.copied < wal.frames) return COPIED_PART;
    release_marks(w);
    return COPIED_ALL;
}

/*
 * Copies all, and lets nobody write until those that read the log have ended, who began before. So the next commit begins
 * the log again. `most_ms`: for as long at most.
 */
static enum copied copy_alone(struct wal *w, int most_ms)
{
    release_marks(w);
    db_set_busy(w->db, most_ms);
    enum copied copied = copy(w, DB_RESTART);
    db_set_busy(w->db, SPOOL_WRITER_BUSY_MS);
    if (copied != COPIED_NOTHING)
        wal_policy_note_waited(&w->policy, copied == COPIED_ALL, clock_monotonic_ms());
    return copied;
}

bool wal_finish(struct wal *w)
{
    return copy(w, DB_PASSIVE) == COPIED_ALL;
}

void wal_truncate(struct wal *w)
{
    struct why why = {0};
    if (w->is_lost) return;
    db_set_busy(w->db, TRUNCATE_MS);
    if (empty(w, &why) != RES_OK)
        log_debug("cannot empty the write-ahead log yet", "why=%s", LOG_QUOTE(why.text));
    db_set_busy(w->db, SPOOL_WRITER_BUSY_MS);
}

/* ---- keeping it short ---- */

void wal_watch(struct wal *w, const struct wal_parts *parts)
{
    struct why why = {0};
    w->checkpointer = parts->checkpointer;
    w->reader = foreign_reader_new(parts->problems, parts->spool_path);
    if (wal_barrier_open(&w->barrier, parts->spool_path, &why) != RES_OK)
        log_warn("overlapping readers may make the write-ahead log grow", "why=%s", LOG_QUOTE(why.text));
}

static void nap(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = NAP_US * 1000}, NULL);
}

/*
 * The writer's own part of a checkpoint. Where the log must not grow on it waits until the thread has done its own.
 * `readers_ms`: how long it waits for readers.
 */
static bool finish(struct wal *w, bool waits, int readers_ms)
{
    int64_t due = clock_monotonic_ms() + THREAD_MS;
    for (;;) {
        enum copied copied = readers_ms > 0 ? copy_alone(w, readers_ms) : copy(w, DB_PASSIVE);
        if (copied != COPIED_NOTHING) return copied == COPIED_ALL;
        if (!waits || clock_monotonic_ms() >= due) return false;
        nap();
    }
}

void wal_empty(struct wal *w)
{
    if (!w->is_lost) (void)finish(w, true, 0);
    wal_truncate(w);
}

/* ---- keeping new readers out ---- */

/* Our own connection comes in as a reader does, and stays in over its commits. */
static bool come_in(struct wal *w)
{
    struct why why = {0};
    if (!w->is_in && stmt_step(w->pin, &w->is_in, &why) != RES_OK)
        log_debug("cannot read the spool", "why=%s", LOG_QUOTE(why.text));
    return w->is_in;
}

static bool close_to_others(struct wal *w)
{
    if (!w->is_in && !wal_barrier_reserve(w->barrier)) return false;
    wal_barrier_let_in(w->barrier);
    bool is_closed = come_in(w) && wal_barrier_raise(w->barrier);
    if (!is_closed) wal_barrier_lower(w->barrier);
    if (!is_closed) go_out(w);
    return is_closed;
}

/* Have all others ended? With the mark that seems to be ours a reader may have begun before. Then all is copied. */
static bool finish_alone(struct wal *w)
{
    if (wal_barrier_count_marks(w->barrier) > 1) return false;
    go_out(w);
    if (wal_barrier_count_marks(w->barrier) == 0 && finish(w, true, 0)) return true;
    wal_barrier_lower(w->barrier); /* to come in again */
    return false;
}

/* Begins, or goes on until those that read now have ended. */
static void keep_out(struct wal *w)
{
    int64_t now = clock_monotonic_ms();
    bool wants_closed = wal_policy_wants_closed(&w->policy, now);
    if (!w->is_closed) {
        w->is_closed = wants_closed && close_to_others(w);
        if (w->is_closed) wal_policy_note_closed(&w->policy, now);
        return;
    }
    if (finish_alone(w))
        open_again(w, true);
    else if (!wants_closed || !close_to_others(w))
        open_again(w, false);
}

/* Marks are reserved while all are free, before readers use them, and given back for the log to begin again. */
static void keep_marks(struct wal *w)
{
    if (w->is_closed) return;
    if (wal_policy_wants_marks(&w->policy))
        wal_policy_note_marks(&w->policy, wal_barrier_reserve(w->barrier)); /* else after the next group */
    else
        wal_barrier_release(w->barrier);
}

static void maintain_after_group(struct wal *w)
{
    wal_policy_note_thread(&w->policy, checkpointer_is_copying(w->checkpointer));
    struct wal_step step = wal_policy_after_group(&w->policy, clock_monotonic_ms());
    if (step.nudges) checkpointer_nudge(w->checkpointer);
    if (step.finishes && !w->is_closed) (void)finish(w, step.waits, step.readers_ms);
    if (!w->barrier) return;
    keep_out(w);
    keep_marks(w);
}

static void maintain_quiet(struct wal *w)
{
    struct wal_step step = wal_policy_quiet(&w->policy, wal_file_bytes(w), clock_monotonic_ms());
    if (w->is_closed) keep_out(w); /* its end does not depend on what comes */
    if (w->is_closed) return;
    if (w->barrier && wal_policy_is_blocked(&w->policy))
        keep_marks(w);
    else
        release_marks(w); /* another program may want to empty the log */
    if (step.nudges) checkpointer_nudge(w->checkpointer);
    if (step.truncates) wal_truncate(w);
}

void wal_maintain(struct wal *w, bool has_committed)
{
    struct db_wal wal;
    int64_t began_at = 0;
    if (w->is_lost) let_all_in(w); /* another program may have a log of its own by now */
    if (w->is_lost || !w->checkpointer) return;
    if (checkpointer_take_result(w->checkpointer, &wal, &began_at)) note_checkpoint(w, &wal, began_at);
    if (has_committed)
        maintain_after_group(w);
    else
        maintain_quiet(w);
    int64_t now = clock_monotonic_ms();
    struct wal_readers_report report = wal_policy_report(&w->policy, now);
    foreign_reader_update(w->reader, &report, now);
}

int wal_gap_us(const struct wal *w)
{
    return w->policy.gap_us;
}

bool wal_keeps_out(const struct wal *w)
{
    return w->is_closed;
}

int wal_tick_ms(const struct wal *w)
{
    return w->checkpointer ? wal_policy_tick_ms(&w->policy, wal_file_bytes(w), clock_monotonic_ms()) : 0;
}
