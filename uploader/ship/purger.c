/* purger -- see purger.h. Each slice is a transaction of its own, so the collector never waits long. */
#include "uploader/ship/purger.h"

#include <stddef.h>

#include "common/clock.h"

#define PURGE_MS            50   /* at most this long at a time */
#define PURGE_PAUSE_MS      2000 /* to find nothing takes the write lock, too */
#define SELDOM_MS           3600000
#define BATCH_RETENTION_MS  (400LL * 86400000)
#define REJECT_RETENTION_MS (30LL * 86400000)

static enum result purge_kind(const struct purger *p, enum batch_kind kind, int64_t keep_ms, int64_t due,
                              bool *has_more, struct why *why)
{
    int64_t purged = 1;
    enum result res = RES_OK;
    while (res == RES_OK && purged > 0 && clock_monotonic_ms() < due)
        res = spool_out_purge(p->spool, kind, spool_out_kept_ms(p->spool) - keep_ms, &purged, why);
    *has_more |= purged > 0;
    return res;
}

static enum result purge_rows(const struct purger *p, bool is_space_low, bool *has_more, struct why *why)
{
    bool has_pages = false;
    int64_t due = clock_monotonic_ms() + PURGE_MS;
    int64_t events_ms = is_space_low ? 0 : p->options.retention_ms;
    int64_t rejects_ms = is_space_low ? 0 : REJECT_RETENTION_MS;
    enum result res = purge_kind(p, BATCH_EVENTS, events_ms, due, has_more, why);
    if (res == RES_OK) res = purge_kind(p, BATCH_REJECTS, rejects_ms, due, has_more, why);
    if (res == RES_OK) res = spool_out_vacuum(p->spool, &has_pages, why);
    *has_more |= has_pages;
    return res;
}

/* Deletes what becomes due only now and then. */
static enum result purge_seldom(const struct purger *p, bool *has_more, struct why *why)
{
    int64_t purged = 0;
    enum result res =
        spool_out_purge_batches(p->spool, spool_out_kept_ms(p->spool) - BATCH_RETENTION_MS, why);
    if (res == RES_OK && !p->options.ships_rejects)
        res = spool_out_purge_waiting_rejects(p->spool, REJECT_RETENTION_MS, &purged, why);
    *has_more |= purged > 0;
    return res;
}

enum result purger_turn(struct purger *p, bool is_space_low, bool *has_more, struct why *why)
{
    int64_t now = clock_monotonic_ms();
    bool has_rows = false;
    bool has_seldom = false;
    *has_more = false;
    if (now < p->next_at) return RES_OK;
    enum result res = purge_rows(p, is_space_low, &has_rows, why);
    if (res == RES_OK && now >= p->seldom_at) {
        res = purge_seldom(p, &has_seldom, why);
        p->seldom_at = has_seldom ? 0 : now + SELDOM_MS;
    }
    *has_more = has_rows || has_seldom;
    p->next_at = clock_monotonic_ms() + (*has_more ? 0 : PURGE_PAUSE_MS);
    return res;
}
