/* space_keeper -- see space_keeper.h. Whatever fails here is tried again at the next update. */
#include "collector/spool/space_keeper.h"

#include "collector/spool/wal.h"
#include "common/log.h"

void space_keeper_init(struct space_keeper *keeper, int64_t in_flight_bytes)
{
    keeper->reported_low_space = -1;
    disk_guard_init(&keeper->guard, in_flight_bytes);
}

/* Shipped events may go at once; and while reading is paused, what is not shipped is not to wait until it is due. */
static void report(struct space_keeper *k, const struct disk_guard_wishes *wishes)
{
    struct why why = {0};
    bool is_low = wishes->is_space_low;
    bool is_reported = k->reported_low_space == is_low && (!wishes->is_urgent || k->has_reported_urgent);
    if (!is_reported && spool_in_report_space(k->spool, is_low, wishes->is_urgent, &why) != RES_OK) {
        log_debug("cannot ask the uploader for space yet", "why=%s", LOG_QUOTE(why.text));
        return;
    }
    k->reported_low_space = is_low;
    k->has_reported_urgent = wishes->is_urgent;
}

static enum result measure(struct space_keeper *k, struct space_sizes *sizes, struct why *why)
{
    *sizes = (struct space_sizes){.wal = 0};
    if (!k->spool) return RES_OK;
    sizes->wal = wal_bytes(spool_in_wal(k->spool));
    return spool_in_sizes(k->spool, &sizes->used, &sizes->unused, why);
}

/* A log that would pause the reading is emptied first. */
static enum result measure_without_log(struct space_keeper *k, struct space_sizes *sizes, struct why *why)
{
    enum result res = measure(k, sizes, why);
    if (res != RES_OK || !disk_guard_wants_log_emptied(&k->guard, sizes)) return res;
    wal_empty(spool_in_wal(k->spool));
    return measure(k, sizes, why);
}

void space_keeper_update(struct space_keeper *k, bool has_committed)
{
    struct why why = {0};
    struct space_sizes sizes;
    if (has_committed) k->has_reported_urgent = false; /* there is more to ship now */
    if (measure_without_log(k, &sizes, &why) != RES_OK) {
        log_debug("cannot measure the spool", "why=%s", LOG_QUOTE(why.text));
        return;
    }
    struct disk_guard_wishes wishes = disk_guard_update(&k->guard, &sizes);
    if (!k->spool) return;
    if (wishes.wants_log_copied) (void)wal_finish(spool_in_wal(k->spool)); /* else at the next update */
    report(k, &wishes);
}
