/* purger -- see purger.h. Each slice is a transaction of its own, so the collector never waits long. */
#include "uploader/ship/purger.h"

#include <stddef.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"

#define PURGE_MS            50   /* at most this long at a time, */
#define OTHERS_SHARE        2    /* and a half of the time that others have had since, */
#define LATE_MS             5000 /* unless rows stay for so much longer than they should */
#define GAP_US              600  /* in which the collector finds the lock */
#define PURGE_PAUSE_MS      2000 /* to find nothing takes the write lock, too */
#define SELDOM_MS           3600000
#define BATCH_RETENTION_MS  (400LL * 86400000)
#define REJECT_RETENTION_MS (30LL * 86400000)

/* How long the rows of each kind are kept. */
static int64_t keep_ms(const struct purger *p, enum batch_kind kind, bool is_space_low)
{
    if (is_space_low) return 0;
    return kind == BATCH_EVENTS ? p->options.retention_ms : REJECT_RETENTION_MS;
}

/* What was done in a turn. */
struct done {
    int64_t rows;
    bool has_more;
};

static enum result purge_kind(const struct purger *p, enum batch_kind kind, int64_t keep, int64_t due,
                              struct done *done, struct why *why)
{
    int64_t purged = 0;
    enum result res = RES_OK;
    do {
        res = spool_out_purge(p->spool, kind, spool_out_kept_ms(p->spool) - keep, &purged, why);
        done->rows += purged;
    } while (res == RES_OK && purged > 0 && clock_monotonic_ms() < due);
    done->has_more |= purged > 0;
    return res;
}

static enum result purge_rows(const struct purger *p, bool is_space_low, int64_t due, struct done *done,
                              struct why *why)
{
    bool has_pages = false;
    enum result res = RES_OK;
    for (enum batch_kind kind = 0; kind < BATCH_KIND_COUNT && res == RES_OK; kind++)
        res = purge_kind(p, kind, keep_ms(p, kind, is_space_low), due, done, why);
    if (res == RES_OK) res = spool_out_vacuum(p->spool, due, &has_pages, why);
    done->has_more |= has_pages;
    return res;
}

/* Do events stay that should have gone a while ago, or is their space needed? */
static enum result is_urgent(const struct purger *p, bool is_space_low, bool *is_so, struct why *why)
{
    int64_t before = spool_out_kept_ms(p->spool) - keep_ms(p, BATCH_EVENTS, is_space_low) - LATE_MS;
    *is_so = is_space_low;
    return is_space_low ? RES_OK : spool_out_has_purgeable(p->spool, BATCH_EVENTS, before, is_so, why);
}

/* Waits if others have had no time since the last turn. `*due`: until when this turn may last. */
static enum result begin_turn(const struct purger *p, bool is_space_low, int64_t *due, struct why *why)
{
    int64_t others_us = clock_monotonic_us() - p->ended_us;
    int64_t most_ms = others_us / OTHERS_SHARE / 1000;
    bool is_so = false;
    enum result res = is_urgent(p, is_space_low, &is_so, why);
    if (others_us < GAP_US) (void)nanosleep(&(struct timespec){.tv_nsec = (GAP_US - others_us) * 1000}, NULL);
    *due = clock_monotonic_ms() + (is_so || most_ms > PURGE_MS ? PURGE_MS : most_ms);
    return res;
}

/* Deletes what becomes due only now and then. */
static enum result purge_seldom(const struct purger *p, struct done *done, bool *has_more, struct why *why)
{
    int64_t purged = 0;
    enum result res =
        spool_out_purge_batches(p->spool, spool_out_kept_ms(p->spool) - BATCH_RETENTION_MS, why);
    if (res == RES_OK && !p->options.ships_rejects)
        res = spool_out_purge_waiting_rejects(p->spool, REJECT_RETENTION_MS, &purged, why);
    done->rows += purged;
    *has_more = purged > 0;
    return res;
}

static void log_purge(struct purger *p, bool is_space_low)
{
    struct why why = {0};
    int64_t left = 0;
    enum result res = RES_OK;
    for (enum batch_kind kind = 0; kind < BATCH_KIND_COUNT && res == RES_OK; kind++) {
        int64_t rows = 0;
        int64_t before = spool_out_kept_ms(p->spool) - keep_ms(p, kind, is_space_low);
        res = spool_out_count_purgeable(p->spool, kind, before, &rows, &why);
        left += rows;
    }
    if (res != RES_OK) {
        log_debug("cannot count what is left to purge", "why=%s", LOG_QUOTE(why.text));
        return;
    }
    purge_report_log(&p->report, left, clock_monotonic_ms());
}

enum result purger_turn(struct purger *p, bool is_space_low, bool *has_more, struct why *why)
{
    int64_t now = clock_monotonic_ms();
    struct done done = {.rows = 0};
    bool has_seldom = false;
    *has_more = false;
    if (now < p->next_at) return RES_OK;
    int64_t due = 0;
    enum result res = begin_turn(p, is_space_low, &due, why);
    if (res == RES_OK) res = purge_rows(p, is_space_low, due, &done, why);
    if (res == RES_OK && now >= p->seldom_at) {
        res = purge_seldom(p, &done, &has_seldom, why);
        p->seldom_at = has_seldom ? 0 : now + SELDOM_MS;
    }
    *has_more = done.has_more || has_seldom;
    p->ended_us = clock_monotonic_us();
    now = clock_monotonic_ms();
    p->next_at = now + (*has_more ? 0 : PURGE_PAUSE_MS);
    bool goes_on = *has_more || res != RES_OK; /* what has failed is tried again */
    if (purge_report_note(&p->report, done.rows, goes_on, now)) log_purge(p, is_space_low);
    return res;
}
