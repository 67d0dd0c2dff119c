/* dismiss -- see dismiss.h. */
#include "uploader/ship/dismiss.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/positive.h"
#include "uploader/spool/rejects.h"

#define SLICE_MS 20

struct dismiss {
    struct spool_out *spool;
    const char *ids;          /* what is left of them; NULL: a range */
    int64_t next_id, last_id; /* the range */
    int64_t total;            /* ids in it; 0 for a list */
    int64_t dismissed, settled_or_absent;
};

enum result dismiss_new(struct dismiss **out, struct spool_out *spool, const char *ids, struct why *why)
{
    struct dismiss *d = calloc(1, sizeof *d);
    if (!d) abort();
    d->spool = spool;
    d->ids = *ids ? ids : NULL;
    enum result res = RES_OK;
    if (!d->ids) res = spool_rejects_range(spool, &d->next_id, &d->last_id, why);
    if (res == RES_OK && !d->ids) d->total = d->last_id + 1 - d->next_id;
    if (res != RES_OK) {
        dismiss_free(d);
        d = NULL;
    }
    *out = d;
    return res;
}

void dismiss_free(struct dismiss *d)
{
    free(d);
}

static bool is_over(const struct dismiss *d)
{
    return d->ids ? *d->ids == '\0' : d->next_id > d->last_id;
}

/* Takes the next id; 0: the text there is not an id. */
static int64_t take_id(struct dismiss *d)
{
    return d->ids ? positive_next(&d->ids) : d->next_id++;
}

enum result dismiss_slice(struct dismiss *d, bool *is_done, struct why *why)
{
    struct db *db = spool_out_db(d->spool);
    struct dismiss before = *d;
    int64_t due = clock_monotonic_ms() + SLICE_MS;
    *is_done = is_over(d);
    if (*is_done) return RES_OK;
    enum result res = db_begin(db, why);
    if (res != RES_OK) return res;
    do {
        bool is_new = false;
        int64_t id = take_id(d);
        if (id == 0)
            res = why_set(why, RES_REFUSE, "'%.20s' is not the id of a reject", d->ids);
        else
            res = spool_rejects_dismiss(d->spool, id, &is_new, why);
        d->dismissed += is_new;
        d->settled_or_absent += !is_new;
    } while (res == RES_OK && !is_over(d) && clock_monotonic_ms() < due);
    res = db_end(db, res, why);
    if (res != RES_OK) *d = before; /* the transaction was rolled back */
    *is_done = res == RES_OK && is_over(d);
    return res;
}

void dismiss_describe(const struct dismiss *d, struct buf *out)
{
    buf_append_format(out, "rejects dismissed: %" PRId64, d->dismissed);
    if (d->ids && d->settled_or_absent > 0)
        buf_append_format(out, "; retried or dismissed before, or not there: %" PRId64, d->settled_or_absent);
}

void dismiss_progress(const struct dismiss *d, struct progress *progress)
{
    progress_set(progress, d->dismissed + d->settled_or_absent, d->total, "rejects looked at");
}
