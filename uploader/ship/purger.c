/* purger -- see purger.h. Each slice is a transaction of its own, so the collector never waits long. */
#include "uploader/ship/purger.h"

#include <stddef.h>

#include "common/clock.h"
#include "common/log.h"

#define PURGE_MS            50   /* at most this long at a time */
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
    int64_t purged = 1;
    enum result res = RES_OK;
    while (res == RES_OK && purged > 0 && clock_monotonic_ms() < due) {
        res = spool_out_purge(p->spool, kind, spool_out_kept_ms(p->spool) - keep, &purged, why);
        done->rows += purged;
    }
    done->has_more |= purged > 0;
    return res;
}

static enum result purge_rows(const struct purger *p, bool is_space_low, struct done *done, struct why *why)
{
    bool has_pages = false;
    int64_t due = clock_monotonic_ms() + PURGE_MS;
    enum result res = RES_OK;
    for (enum batch_kind kind = 0; kind < BATCH_KIND_COUNT && res == RES_OK; kind++)
        res = purge_kind(p, kind, keep_ms(p, kind, is_space_low), due, done, why);
    if (res == RES_OK) res = spool_out_vacuum(p->spool, &has_pages, why);
    done->has_more |= has_pages;
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
    enum result res = purge_rows(p, is_space_low, &done, why);
    if (res == RES_OK && now >= p->seldom_at) {
        res = purge_seldom(p, &done, &has_seldom, why);
        p->seldom_at = has_seldom ? 0 : now + SELDOM_MS;
    }
    *has_more = done.has_more || has_seldom;
    now = clock_monotonic_ms();
    p->next_at = now + (*has_more ? 0 : PURGE_PAUSE_MS);
    bool goes_on = *has_more || res != RES_OK; /* what has failed is tried again */
    if (purge_report_note(&p->report, done.rows, goes_on, now)) log_purge(p, is_space_low);
    return res;
}
