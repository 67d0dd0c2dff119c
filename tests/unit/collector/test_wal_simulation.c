/*
 * test_wal_simulation -- the policy of the write-ahead log in random worlds: a model of SQLite's log, marks and
 * checkpoints, readers of many kinds, and a writer that does what collector/spool/wal.c does.
 *
 * TEST_WAL_WORLDS in the environment is the number of worlds of each kind, TEST_SEED begins another row of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collector/spool/wal_policy.h"
#include "common/spool.h"
#include "tests/support/chance.h"

#define MIB         ((int64_t)1 << 20)
#define SECOND      ((int64_t)1000000) /* the world's clock has microseconds */
#define MARKS       4
#define UNUSED      INT64_MAX
#define READERS_MAX 24
#define FRAME       16408
#define COPY_PER_US 200 /* bytes that a checkpoint copies */
#define WAITS_MAX   1000
#define BURST_US    (SECOND / 25)
#define TRY_US      250 /* between two tries to get a lock */

/* ---- the log ---- */

struct log {
    int64_t bytes, copied, file;
    int64_t mark[MARKS + 1]; /* 0: reads no log */
    int readers[MARKS + 1];
    bool is_ours[MARKS + 1];
    int barrier, entry, own; /* reserved marks, and the one with which the writer reads; 0: none */
    int64_t begun_at;
};

static void log_begin_again(struct log *log, int64_t now)
{
    log->bytes = log->copied = 0;
    log->begun_at = now;
    for (int i = 1; i <= MARKS; i++) log->mark[i] = i == 1 ? 0 : UNUSED;
}

/* `is_free`: all was copied when the transaction began. */
static void log_commit(struct log *log, int64_t bytes, bool is_free, int64_t now)
{
    for (int i = 1; i <= MARKS; i++) is_free &= log->readers[i] == 0 && !log->is_ours[i];
    if (is_free) log_begin_again(log, now);
    log->bytes += bytes;
    if (log->bytes > log->file) log->file = log->bytes;
}

/* Returns the bytes copied. */
static int64_t log_checkpoint(struct log *log)
{
    int64_t before = log->copied;
    int64_t safe = log->bytes;
    for (int i = 1; i <= MARKS; i++) {
        if (log->mark[i] >= safe) continue;
        if (log->readers[i] == 0 && !log->is_ours[i])
            log->mark[i] = i == 1 ? safe : UNUSED;
        else
            safe = log->mark[i];
    }
    if (safe > log->copied && log->readers[0] == 0) log->copied = safe;
    return log->copied - before;
}

/* The mark with which a reader begins now; -1: it finds the barrier and waits. */
static int log_enter(struct log *log)
{
    int best = 0;
    if (log->copied == log->bytes) return 0;
    for (int i = 1; i <= MARKS; i++)
        if (log->mark[i] <= log->bytes && (best == 0 || log->mark[i] >= log->mark[best])) best = i;
    for (int i = 1; i <= MARKS && (best == 0 || log->mark[best] < log->bytes); i++) {
        if (log->readers[i] > 0 || log->is_ours[i]) continue;
        log->mark[i] = log->bytes;
        best = i;
    }
    return best == 0 || log->is_ours[best] ? -1 : best;
}

/* ---- readers ---- */

struct reader {
    int64_t shortest, longest; /* of a read, us */
    int64_t pause;             /* between two, at most */
    int64_t until;             /* the next change */
    int mark;                  /* -1: does not read */
    int64_t began_at;
    bool writes; /* commits a few pages at the end */
};

struct world {
    struct chance chance;
    struct log log;
    struct reader readers[READERS_MAX];
    int reader_count;
    int64_t readers_end_at; /* then all go */
    int64_t rate;           /* events per second */
    int64_t burst_us;       /* they come in bursts, of which one begins so long after another; 0: evenly */
    int64_t event_bytes;    /* beside what pages_of() counts */
    int64_t commit_us;
    int64_t now;
    struct wal_policy policy;
    /* the thread */
    bool is_copying;
    int64_t copying_until, copying_began, copying_bytes, copying_copied;
    bool is_closed;
    bool is_locked, others_write; /* who has the lock to write: the collector, somebody else */
    /* what came of it */
    int64_t closed_us, longest_closed_us, closed_from;
    int closes, closes_beside_long;
    int64_t longest_log;
    int64_t waited_us;                /* for readers */
    int64_t largest_rest;             /* that the writer has copied of a log that may grow on */
    int64_t events, waits[WAITS_MAX]; /* how many had to wait for how many ms */
    bool is_long_reported, are_many_reported;
};

static int64_t between(struct world *w, int64_t least, int64_t most)
{
    return least + (int64_t)chance_below(&w->chance, (size_t)(most - least + 1));
}

static void end_read(struct world *w, struct reader *r)
{
    if (r->writes) log_commit(&w->log, 3 * FRAME, r->mark == 0, w->now);
    if (r->writes) w->others_write = false;
    w->log.readers[r->mark]--;
    r->mark = -1;
    r->until += r->pause > 0 ? between(w, 0, r->pause) : 50;
}

static void begin_read(struct world *w, struct reader *r)
{
    if (r->writes && (w->is_locked || w->others_write)) {
        r->until += TRY_US;
        return;
    }
    r->mark = log_enter(&w->log);
    r->began_at = r->until;
    if (r->mark < 0) {
        r->until += between(w, 1000, 20000); /* SQLite tries again */
        return;
    }
    w->others_write |= r->writes;
    w->log.readers[r->mark]++;
    r->until += between(w, r->shortest, r->longest);
}

static void change_reader(struct world *w, struct reader *r)
{
    if (r->mark >= 0)
        end_read(w, r);
    else if (r->until >= w->readers_end_at)
        r->until = INT64_MAX;
    else
        begin_read(w, r);
}

/* Lets the readers do all that they do until then. */
static void advance(struct world *w, int64_t to)
{
    for (;;) {
        struct reader *next = NULL;
        for (int i = 0; i < w->reader_count; i++)
            if (w->readers[i].until <= to && (!next || w->readers[i].until < next->until))
                next = &w->readers[i];
        if (!next) break;
        if (next->until > w->now) w->now = next->until;
        change_reader(w, next);
    }
    w->now = to;
}

/* ---- what the writer and its thread do: as wal.c ---- */

static int64_t now_ms(const struct world *w)
{
    return w->now / 1000;
}

static void take_result(struct world *w)
{
    if (!w->is_copying || w->now < w->copying_until) return;
    w->is_copying = false;
    wal_policy_note_checkpoint(&w->policy, w->copying_bytes, w->copying_copied, w->copying_began / 1000);
}

static void nudge(struct world *w)
{
    if (w->is_copying) return;
    w->copying_began = w->now;
    w->copying_bytes = w->log.bytes;
    int64_t copied = log_checkpoint(&w->log);
    w->copying_copied = w->log.copied;
    w->copying_until = w->now + 100 + (copied > 0 ? 3000 + copied / COPY_PER_US : 0);
    w->is_copying = true;
}

static void release(struct log *log);

static bool copy(struct world *w)
{
    int64_t began_at = now_ms(w);
    int64_t bytes = w->log.bytes;
    int64_t copied = log_checkpoint(&w->log);
    if (bytes <= SPOOL_WAL_RESTART_BYTES && copied > w->largest_rest) w->largest_rest = copied;
    advance(w, w->now + 50 + (copied > 0 ? 3000 + copied / COPY_PER_US : 0));
    wal_policy_note_checkpoint(&w->policy, bytes, w->log.copied, began_at);
    if (w->log.copied < bytes) return false;
    if (!w->is_closed) release(&w->log);
    return true;
}

static bool take(struct log *log, int i)
{
    if (log->is_ours[i] || log->readers[i] > 0) return false;
    log->mark[i] = UNUSED;
    return log->is_ours[i] = true;
}

static void give_back_others(struct log *log)
{
    for (int i = 1; i <= MARKS; i++)
        if (i != log->barrier && i != log->entry) log->is_ours[i] = false;
}

static bool reserve(struct log *log)
{
    if (log->entry != 0) return true;
    log->barrier = log->entry = 0;
    for (int i = 1; i <= MARKS; i++) {
        (void)take(log, i);
        if (!log->is_ours[i]) continue;
        log->entry = log->barrier;
        log->barrier = i;
    }
    give_back_others(log);
    return log->entry != 0;
}

static void release(struct log *log)
{
    log->barrier = log->entry = 0;
    give_back_others(log);
}

static bool raise_barrier(struct log *log)
{
    if (log->barrier == 0) return false;
    for (int i = log->barrier + 1; i <= MARKS; i++)
        if (log->mark[i] == log->bytes && !log->is_ours[i]) return false;
    log->mark[log->barrier] = log->bytes;
    for (int i = 1; i <= MARKS; i++) (void)take(log, i);
    return true;
}

static void lower(struct log *log)
{
    give_back_others(log);
    if (log->barrier != 0) log->mark[log->barrier] = UNUSED;
}

static int marks_in_use(const struct log *log)
{
    int count = 0;
    for (int i = 1; i <= MARKS; i++) count += log->readers[i] > 0;
    return count;
}

static bool is_beside_long(const struct world *w)
{
    for (int i = 0; i < w->reader_count; i++)
        if (w->readers[i].mark > 0 && w->now - w->readers[i].began_at > (WAL_READER_MS + 200) * 1000)
            return true;
    return false;
}

static void go_out(struct log *log)
{
    if (log->own > 0) log->readers[log->own]--;
    log->own = 0;
}

static void open_again(struct world *w, bool is_done)
{
    int64_t closed_us = w->now - w->closed_from;
    w->is_closed = false;
    go_out(&w->log);
    lower(&w->log);
    wal_policy_note_opened(&w->policy, is_done, now_ms(w));
    w->closed_us += closed_us;
    if (closed_us > w->longest_closed_us) w->longest_closed_us = closed_us;
}

static bool close_to_others(struct world *w)
{
    struct log *log = &w->log;
    if (log->own == 0 && !reserve(log)) return false;
    if (log->entry != 0) log->is_ours[log->entry] = false;
    log->entry = 0;
    if (chance_below(&w->chance, 20) == 0) advance(w, w->now + 100); /* others may come in at this moment */
    if (log->own == 0) {
        log->own = log_enter(log);
        if (log->own > 0) log->readers[log->own]++;
    }
    bool is_closed = log->own > 0 && raise_barrier(log);
    if (!is_closed) lower(log);
    if (!is_closed) go_out(log);
    return is_closed;
}

static bool finish_alone(struct world *w)
{
    if (marks_in_use(&w->log) > 1) return false;
    go_out(&w->log);
    if (w->is_copying && w->now < w->copying_until) advance(w, w->copying_until);
    if (marks_in_use(&w->log) == 0 && copy(w)) return true;
    lower(&w->log);
    return false;
}

static void keep_out(struct world *w)
{
    bool wants_closed = wal_policy_wants_closed(&w->policy, now_ms(w));
    if (!w->is_closed) {
        w->is_closed = wants_closed && close_to_others(w);
        if (!w->is_closed) return;
        wal_policy_note_closed(&w->policy, now_ms(w));
        w->closed_from = w->now;
        w->closes++;
        w->closes_beside_long += is_beside_long(w);
    } else if (finish_alone(w)) {
        open_again(w, true);
    } else if (!wants_closed || !close_to_others(w)) {
        open_again(w, false);
    }
}

static void keep_marks(struct world *w)
{
    if (w->is_closed) return;
    if (wal_policy_wants_marks(&w->policy))
        wal_policy_note_marks(&w->policy, reserve(&w->log));
    else
        release(&w->log);
}

static bool wait_while(struct world *w, bool (*is_so)(const struct world *), int64_t due)
{
    while (is_so(w) && w->now < due) {
        advance(w, w->now + TRY_US);
        w->waited_us += TRY_US;
    }
    return !is_so(w);
}

static bool others_write(const struct world *w)
{
    return w->others_write;
}

static bool readers_are_behind(const struct world *w)
{
    for (int i = 1; i <= MARKS; i++)
        if (w->log.readers[i] > 0 && w->log.mark[i] < w->log.bytes) return true;
    return false;
}

static bool log_is_read(const struct world *w)
{
    return marks_in_use(&w->log) > 0;
}

/* As SQLite's RESTART does it. */
static void copy_alone(struct world *w, int most_ms)
{
    int64_t due = w->now + most_ms * 1000;
    release(&w->log);
    w->is_locked = wait_while(w, others_write, due);
    bool is_free = w->is_locked && wait_while(w, readers_are_behind, due);
    is_free = copy(w) && is_free && wait_while(w, log_is_read, due);
    w->is_locked = false;
    wal_policy_note_waited(&w->policy, is_free, now_ms(w));
}

static void finish(struct world *w, const struct wal_step *step)
{
    if (step->waits && w->is_copying && w->now < w->copying_until) advance(w, w->copying_until);
    if (w->is_copying && w->now < w->copying_until) return;
    if (step->readers_ms > 0)
        copy_alone(w, step->readers_ms);
    else
        (void)copy(w);
}

static void maintain(struct world *w)
{
    take_result(w);
    wal_policy_note_thread(&w->policy, w->is_copying);
    struct wal_step step = wal_policy_after_group(&w->policy, now_ms(w));
    if (step.nudges) nudge(w);
    if (step.finishes && !w->is_closed) finish(w, &step);
    keep_out(w);
    keep_marks(w);
}

static void maintain_quiet(struct world *w)
{
    take_result(w);
    struct wal_step step = wal_policy_quiet(&w->policy, w->log.file, now_ms(w));
    if (w->is_closed) keep_out(w);
    if (w->is_closed) return;
    if (wal_policy_is_blocked(&w->policy))
        keep_marks(w);
    else
        release(&w->log);
    if (step.nudges) nudge(w);
    if (!step.truncates || w->is_copying) return;
    (void)log_checkpoint(&w->log);
    if (w->log.copied != w->log.bytes) return;
    for (int i = 1; i <= MARKS; i++)
        if (w->log.readers[i] > 0) return;
    log_begin_again(&w->log, w->now);
    w->log.file = 0;
    wal_policy_note_empty(&w->policy, now_ms(w));
}

static void note_report(struct world *w)
{
    struct wal_readers_report report = wal_policy_report(&w->policy, now_ms(w));
    w->is_long_reported = report.kind == WAL_READERS_LONG;
    w->are_many_reported |= report.kind == WAL_READERS_MANY;
    if (w->log.bytes > w->longest_log) w->longest_log = w->log.bytes;
}

/* As many pages as were seen with events of 2.2 KB: what a commit always writes again, and seven events a page. */
static int64_t pages_of(int64_t events)
{
    return 3 + events / 7 + (events > 3 ? 3 : 1);
}

/* The events came evenly since `since`, and are durable after the commit that begins now. */
static void note_waits(struct world *w, int64_t events, int64_t since)
{
    for (int64_t i = 0; i < events; i++) {
        int64_t ms = ((w->now - since) * i / events + w->commit_us) / 1000;
        w->waits[ms < WAITS_MAX ? ms : WAITS_MAX - 1]++;
    }
    w->events += events;
}

static int median_ms(const struct world *w)
{
    int ms = 0;
    for (int64_t sum = w->waits[0]; sum <= w->events / 2; sum += w->waits[++ms]) {
    }
    return ms;
}

/* How many events come before then, from the beginning of the world on. A burst takes a moment. */
static int64_t come_until(const struct world *w, int64_t then)
{
    if (w->burst_us == 0) return then * w->rate / SECOND;
    int64_t part_us = then % w->burst_us * w->burst_us / BURST_US;
    return (then / w->burst_us * w->burst_us + (part_us < w->burst_us ? part_us : w->burst_us)) * w->rate /
           SECOND;
}

static int64_t next_comes_at(const struct world *w)
{
    if (w->burst_us == 0) return w->now + SECOND / w->rate + 1;
    if (w->now % w->burst_us < BURST_US) return w->now + 1000;
    return (w->now / w->burst_us + 1) * w->burst_us + 1000;
}

/* How long the writer waits for events before it has a look: see tick_ms() in collector/spool/writer.c. */
static int64_t tick_us(const struct world *w)
{
    int ms = wal_policy_tick_ms(&w->policy, w->log.file, now_ms(w));
    return ms > 0 ? ms * (int64_t)1000 : 2 * SECOND;
}

static void commit(struct world *w, int64_t events)
{
    int64_t bytes = pages_of(events) * FRAME + events * w->event_bytes;
    while (w->others_write) advance(w, w->now + TRY_US);
    w->is_locked = true;
    bool is_free = w->log.copied == w->log.bytes;
    advance(w, w->now + w->commit_us + events * 3);
    log_commit(&w->log, bytes, is_free, w->now);
    w->is_locked = false;
    if (w->is_closed) (void)raise_barrier(&w->log);
    wal_policy_note_commit(&w->policy, w->log.bytes, now_ms(w));
    maintain(w);
    note_report(w);
    advance(w, w->now + w->policy.gap_us);
}

/* Nothing has come yet. */
static void wait_for_events(struct world *w)
{
    int64_t tick_at = w->now + tick_us(w);
    int64_t comes_at = next_comes_at(w);
    advance(w, comes_at < tick_at ? comes_at : tick_at);
    if (comes_at < tick_at) return;
    maintain_quiet(w);
    note_report(w);
}

/* Commits what has come since `taken_at` until the end of the gap. */
static void work_until(struct world *w, int64_t end)
{
    int64_t taken_at = w->now;
    while (w->now < end) {
        int64_t events = come_until(w, w->now) - come_until(w, taken_at);
        if (events == 0) {
            wait_for_events(w);
            continue;
        }
        note_waits(w, events, taken_at);
        taken_at = w->now;
        commit(w, events);
    }
}

static void rest_until(struct world *w, int64_t end)
{
    while (w->now < end) {
        advance(w, w->now + tick_us(w));
        maintain_quiet(w);
        note_report(w);
    }
}

/* ---- worlds ---- */

static struct world *world_new(struct chance *chance)
{
    struct world *w = calloc(1, sizeof *w);
    if (!w) abort();
    w->chance.state = chance->state + 1;
    (void)chance_below(chance, 2);
    w->now = 1000 * SECOND;
    w->readers_end_at = INT64_MAX;
    w->rate = between(w, 20, 1000);
    w->commit_us = between(w, 500, 2500);
    log_begin_again(&w->log, w->now);
    wal_policy_init(&w->policy, now_ms(w));
    return w;
}

static void add_readers(struct world *w, int count, int64_t shortest_ms, int64_t longest_ms, int64_t pause_ms)
{
    for (int i = 0; i < count && w->reader_count < READERS_MAX; i++) {
        struct reader *r = &w->readers[w->reader_count++];
        *r = (struct reader){shortest_ms * 1000, longest_ms * 1000, pause_ms * 1000, 0, -1, 0, false};
        r->until = w->now + between(w, 0, longest_ms < 1000 ? longest_ms * 1000 : SECOND);
    }
}

static int worlds(void)
{
    const char *given = getenv("TEST_WAL_WORLDS");
    return given ? atoi(given) : 12;
}

/* ---- the invariants ---- */

static void readers_are_kept_out_for_a_second_at_most_and_a_tenth_of_the_time(void **state)
{
    struct chance chance = chance_begin();
    (void)state;
    for (int n = 0; n < worlds(); n++) {
        struct world *w = world_new(&chance);
        int kinds = (int)between(w, 1, 3);
        for (int i = 0; i < kinds; i++) {
            int64_t longest = between(w, 1, 1 << between(w, 3, 13));
            add_readers(w, (int)between(w, 1, 8), between(w, 1, longest), longest,
                        between(w, 0, 1) * between(w, 0, 2 * longest));
        }
        w->rate = between(w, 50, 20000);
        int64_t began_at = w->now;
        work_until(w, w->now + between(w, 60, 150) * SECOND);
        int64_t share = w->closed_us * 100 / (w->now - began_at);
        if (w->longest_closed_us > (WAL_CLOSED_MS + 1000) * 1000) /* and the last part is copied */
            fail_msg("world %d: readers were kept out for %d ms", n, (int)(w->longest_closed_us / 1000));
        if (share > 12) fail_msg("world %d: readers were kept out for %d %% of the time", n, (int)share);
        free(w);
    }
}

static void short_readers_do_not_make_the_log_longer_than_promised(void **state)
{
    struct chance chance = chance_begin();
    int64_t longest = 0;
    int slowest = 0;
    (void)state;
    for (int n = 0; n < worlds(); n++) {
        struct world *w = world_new(&chance);
        int64_t read = between(w, 20, 500);
        add_readers(w, (int)between(w, 2, 12), between(w, read / 2, read), read,
                    between(w, 0, 1) * between(w, 0, 100));
        if (n % 2 == 0) w->rate = 1000;
        work_until(w, w->now + 120 * SECOND);
        if (w->longest_log > longest) longest = w->longest_log;
        if (w->rate == 1000 && median_ms(w) > slowest) slowest = median_ms(w);
        if (w->longest_log > WAL_LONG_BYTES || w->are_many_reported)
            fail_msg("world %d: %d readers of up to %d ms made a log of %d MiB", n, w->reader_count,
                     (int)(read), (int)(w->longest_log / MIB));
        free(w);
    }
    print_message("the longest log had %d MiB, and the median event waited for %d ms at most\n",
                  (int)(longest / MIB), slowest);
    assert_true(slowest < 10);
}

/* Of the same bytes a second at most: bursts with silence between them, a few large events, or a few small ones. */
static void nor_do_they_where_events_come_in_bursts_or_slowly(void **state)
{
    struct chance chance = chance_begin();
    (void)state;
    for (int n = 0; n < worlds(); n++) {
        struct world *w = world_new(&chance);
        int64_t read = between(w, 100, 500);
        add_readers(w, (int)between(w, 2, 8), between(w, read / 2, read), read,
                    between(w, 0, 1) * between(w, 0, 100));
        w->rate = n % 3 == 0 ? 1000 : between(w, 2, 30);
        if (n % 3 == 0) w->burst_us = between(w, 50, 3000) * 1000;
        if (n % 3 == 1) w->event_bytes = between(w, 10, 2200) * 1000 / w->rate;
        work_until(w, w->now + 600 * SECOND);
        if (w->longest_log > WAL_LONG_BYTES || w->are_many_reported)
            fail_msg("world %d: %d readers of up to %d ms, %d events/s in bursts each %d ms and of %d bytes "
                     "more: a log of %d MiB",
                     n, w->reader_count, (int)read, (int)w->rate, (int)(w->burst_us / 1000),
                     (int)w->event_bytes, (int)(w->longest_log / MIB));
        free(w);
    }
}

static void one_long_reader_is_reported_and_nobody_kept_out_for_it(void **state)
{
    struct chance chance = chance_begin();
    (void)state;
    for (int n = 0; n < worlds(); n++) {
        struct world *w = world_new(&chance);
        add_readers(w, 1, 60000, 60000, 0);
        if (n % 3 == 1) add_readers(w, 4, 100, 500, 0); /* beside overlapping ones */
        if (n % 3 == 2) add_readers(w, 2, 1, 5, 50);    /* beside an uploader */
        w->rate = between(w, 300, 1000);
        work_until(w, w->now + 30 * SECOND);
        if (w->closes_beside_long > 0) fail_msg("world %d: closed beside a long reader", n);
        if (n % 3 == 0 && w->closes > 0) fail_msg("world %d: closed for a reader that was alone", n);
        assert_true(w->is_long_reported);
        assert_false(w->are_many_reported);
        free(w);
    }
}

static void the_log_begins_again_when_the_readers_have_ended(void **state)
{
    struct chance chance = chance_begin();
    (void)state;
    for (int n = 0; n < worlds(); n++) {
        struct world *w = world_new(&chance);
        int64_t longest = n % 2 == 0 ? 500 : 20000;
        add_readers(w, (int)between(w, 1, 6), longest / 2, longest, 0);
        w->rate = between(w, 200, 1000);
        w->readers_end_at = w->now + 20 * SECOND;
        work_until(w, w->readers_end_at + longest * 1000);
        bool is_long = w->log.bytes > SPOOL_WAL_RESTART_BYTES;
        int64_t ended_at = w->now;
        if (n % 4 < 2) {
            work_until(w, w->now + SECOND + w->log.bytes / COPY_PER_US);
            if (is_long && w->log.begun_at < ended_at) fail_msg("world %d: the log has not begun again", n);
            work_until(w, w->now + 6 * SECOND);
            assert_int_equal(w->policy.gap_us, WAL_GAP_MIN_US);
        } else {
            rest_until(w, w->now + 5 * SECOND);
            if (w->log.file > WAL_FILE_BYTES) fail_msg("world %d: the file has not become shorter", n);
        }
        rest_until(w, w->now + 15 * SECOND);
        assert_int_equal(wal_policy_report(&w->policy, now_ms(w)).kind, WAL_READERS_NONE);
        assert_false(wal_policy_is_busy(&w->policy, w->log.file));
        free(w);
    }
}

static void without_readers_nobody_is_kept_out_and_the_log_stays_short(void **state)
{
    struct chance chance = chance_begin();
    (void)state;
    for (int n = 0; n < worlds(); n++) {
        struct world *w = world_new(&chance);
        if (n % 2 == 0) add_readers(w, 3, 1, 10, 100); /* an uploader's */
        w->rate = between(w, 20, 5000);
        work_until(w, w->now + 30 * SECOND);
        if (n % 2 == 1) assert_int_equal(w->closes, 0);
        assert_true(w->longest_log <= WAL_FILE_BYTES);
        assert_int_equal(w->policy.gap_us, WAL_GAP_MIN_US);
        free(w);
    }
}

/*
 * All is copied again and again, but each time somebody has begun to read a moment before, and ends a moment too late; or
 * commits a few pages between the copying and the next group.
 */
static void short_reads_without_a_pause_keep_no_log_of_full_speed_from_beginning_again(void **state)
{
    struct chance chance = chance_begin();
    int64_t longest = 0, waited_ms = 0, lasted_ms = 0, largest_rest = 0;
    (void)state;
    for (int n = 0; n < worlds(); n++) {
        struct world *w = world_new(&chance);
        add_readers(w, (int)between(w, 1, 2), 1, between(w, 2, 12), between(w, 0, 1));
        add_readers(w, 1, 1, 2, between(w, 1, 20));
        w->readers[w->reader_count - 1].writes = n % 3 > 0;
        w->rate = between(w, 10000, 60000);
        int64_t began_at = w->now;
        work_until(w, w->now + 30 * SECOND);
        if (w->longest_log > longest) longest = w->longest_log;
        if (w->largest_rest > largest_rest) largest_rest = w->largest_rest;
        waited_ms += w->waited_us / 1000;
        lasted_ms += (w->now - began_at) / 1000;
        if (w->longest_log > WAL_FILE_BYTES)
            fail_msg("world %d: %d events/s made a log of %d MiB", n, (int)w->rate,
                     (int)(w->longest_log / MIB));
        free(w);
    }
    print_message("the longest log had %d MiB, of which the writer copied %d at once at most, unless it must "
                  "not grow; it waited for readers %d %% of the time\n",
                  (int)(longest / MIB), (int)(largest_rest / MIB), (int)(waited_ms * 100 / lasted_ms));
    assert_true(waited_ms * 20 < lasted_ms);
    assert_true(largest_rest <= WAL_REST_BYTES + MIB); /* others commit a few pages meanwhile */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_reads_without_a_pause_keep_no_log_of_full_speed_from_beginning_again),
        cmocka_unit_test(readers_are_kept_out_for_a_second_at_most_and_a_tenth_of_the_time),
        cmocka_unit_test(short_readers_do_not_make_the_log_longer_than_promised),
        cmocka_unit_test(nor_do_they_where_events_come_in_bursts_or_slowly),
        cmocka_unit_test(one_long_reader_is_reported_and_nobody_kept_out_for_it),
        cmocka_unit_test(the_log_begins_again_when_the_readers_have_ended),
        cmocka_unit_test(without_readers_nobody_is_kept_out_and_the_log_stays_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
