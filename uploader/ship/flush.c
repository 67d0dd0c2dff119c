/* flush -- see flush.h. As text the ids are two numbers: of events, and of rejects. */
#include "uploader/ship/flush.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

struct flush {
    struct spool_out *spool;
    const struct shipper *shipper;
    struct flush_ids ids;
    int64_t since;                           /* monotonic: what has failed before does not end the wait */
    int64_t left[BATCH_KIND_COUNT];          /* not shipped yet, of each kind */
    int64_t most[BATCH_KIND_COUNT];          /* that were left at any time */
    int64_t resolved_batches, resolved_rows; /* once nothing is left: what a person has settled */
};

void flush_ids_write(const struct flush_ids *ids, struct buf *out)
{
    buf_append_format(out, "%" PRId64 " %" PRId64, ids->ids[BATCH_EVENTS], ids->ids[BATCH_REJECTS]);
}

static bool read_ids(const char *text, struct flush_ids *ids)
{
    char *end = NULL;
    ids->ids[BATCH_EVENTS] = strtoll(text, &end, 10);
    if (end == text || *end != ' ') return false;
    text = end + 1;
    ids->ids[BATCH_REJECTS] = strtoll(text, &end, 10);
    return end != text && *end == '\0';
}

enum result flush_new(struct flush **out, struct spool_out *spool, struct shipper *shipper,
                      const char *argument, struct why *why)
{
    struct flush_ids ids;
    *out = NULL;
    if (!read_ids(argument, &ids))
        return why_set(why, RES_REFUSE, "this uploader does not understand the ids '%.100s'", argument);
    if (!shipper) {
        (void)why_remedy(why, RES_REFUSE, "run flush again when that command has ended");
        return why_set(why, RES_REFUSE,
                       "not all is shipped: another command holds the uploader's lock and does not ship");
    }
    struct flush *f = calloc(1, sizeof *f);
    if (!f) abort();
    *f = (struct flush){.spool = spool, .shipper = shipper, .ids = ids, .since = clock_monotonic_ms()};
    shipper_hurry(shipper);
    *out = f;
    return RES_OK;
}

void flush_free(struct flush *f)
{
    free(f);
}

static int64_t sum_left(const struct flush *f)
{
    return f->left[BATCH_EVENTS] + f->left[BATCH_REJECTS];
}

/*
 * What stands in the way of one kind, by a try since the flush has begun; the text "" if nothing does. A batch with
 * trouble of its own counts if nothing else is left to try, and it lies within the ids: a later one, or a copy that
 * `reship` has made, holds up nothing that this flush is about.
 */
static enum result find_trouble(const struct flush *f, enum batch_kind kind, struct why *trouble,
                                struct why *why)
{
    const struct why *outage = shipper_outage(f->shipper, kind, f->since);
    why_clear(trouble);
    if (outage) *trouble = *outage;
    if (outage || !shipper_is_stuck(f->shipper, kind, f->since)) return RES_OK;
    return spool_out_load_trouble(f->spool, kind, f->ids.ids[kind], trouble, why);
}

static enum result give_up(const struct why *trouble, struct why *why)
{
    if (*trouble->remedy) (void)why_remedy(why, RES_REFUSE, "%s", trouble->remedy);
    return why_set(why, RES_REFUSE, "not all is shipped: %s", trouble->text);
}

/* A batch that a person has resolved holds up no flush; whether its object is in the store is that person's word. */
static enum result count_resolved(struct flush *f, struct why *why)
{
    enum result res = RES_OK;
    f->resolved_batches = f->resolved_rows = 0;
    for (int kind = 0; kind < BATCH_KIND_COUNT && res == RES_OK; kind++)
        res = spool_out_count_resolved(f->spool, (enum batch_kind)kind, f->ids.ids[kind],
                                       &f->resolved_batches, &f->resolved_rows, why);
    return res;
}

enum result flush_slice(struct flush *f, bool *is_done, struct why *why)
{
    struct why trouble = {0};
    enum result res = RES_OK;
    *is_done = false;
    for (int kind = 0; kind < BATCH_KIND_COUNT && res == RES_OK; kind++)
        res =
            spool_out_count_unshipped(f->spool, (enum batch_kind)kind, f->ids.ids[kind], &f->left[kind], why);
    if (res != RES_OK) return res;
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++)
        if (f->left[kind] > f->most[kind]) f->most[kind] = f->left[kind];
    if (sum_left(f) == 0) {
        res = count_resolved(f, why);
        *is_done = res == RES_OK;
        return res;
    }
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++) {
        if (f->left[kind] == 0) continue;
        res = find_trouble(f, (enum batch_kind)kind, &trouble, why);
        if (res != RES_OK || !*trouble.text) return res;
    }
    return give_up(&trouble, why);
}

void flush_describe(const struct flush *f, struct buf *out)
{
    if (sum_left(f) == 0 && f->resolved_batches > 0)
        buf_append_format(out,
                          "all shipped, or resolved by a person: %" PRId64 " of the events and rejects, in "
                          "%" PRId64 " of the batches (see the view `batches`)",
                          f->resolved_rows, f->resolved_batches);
    else if (sum_left(f) == 0)
        buf_append_text(out, "all shipped");
    else
        buf_append_format(out, "%" PRId64 " to ship", sum_left(f));
}

void flush_progress(const struct flush *f, struct progress *progress)
{
    int64_t total = f->most[BATCH_EVENTS] + f->most[BATCH_REJECTS];
    const char *unit = "events and rejects shipped";
    if (f->most[BATCH_REJECTS] == 0) unit = "events shipped";
    if (f->most[BATCH_EVENTS] == 0) unit = "rejects shipped";
    progress_set(progress, total - sum_left(f), total, unit);
}
