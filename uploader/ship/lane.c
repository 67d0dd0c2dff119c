/* lane -- see lane.h. */
#include "uploader/ship/lane.h"

#include <stddef.h>

#include "common/clock.h"
#include "uploader/ship/outage.h"

static int find(const struct lane *lane, int64_t batch_id)
{
    for (int i = 0; i < lane->count; i++)
        if (lane->setbacks[i].batch_id == batch_id) return i;
    return -1;
}

static bool is_passed_by(const struct setback *setback)
{
    return setback && setback->own_failures > 0 && clock_monotonic_ms() < setback->again_at;
}

enum result lane_choose(const struct lane *lane, struct spool_out *spool, struct workers *workers,
                        struct choice *choice, struct why *why)
{
    struct batch batch;
    bool is_some = true;
    int64_t from_id = 0;
    int least = 0;
    enum result res = RES_OK;
    *choice = (struct choice){.is_some = false};
    while (res == RES_OK && is_some && (!choice->is_some || choice->has_failed)) {
        res = spool_out_open_batch(spool, lane->kind, from_id, &batch, &is_some, why);
        if (res != RES_OK || !is_some) break;
        from_id = batch.last_id + 1;
        int i = find(lane, batch.id);
        const struct setback *setback = i >= 0 ? &lane->setbacks[i] : NULL;
        choice->open += !setback || setback->own_failures == 0;
        if (workers_have_batch(workers, batch.id) || is_passed_by(setback)) continue;
        int failures = setback ? setback->failures : 0;
        if (choice->is_some && failures >= least) continue;
        choice->batch = batch;
        choice->is_some = true;
        choice->has_failed = failures > 0 && !setback->is_pardoned && setback->own_failures == 0;
        least = failures;
    }
    return res;
}

/* The entry of a batch, a new one where there is none; where all are taken, in place of the one due first. */
static struct setback *entry(struct lane *lane, int64_t batch_id)
{
    int i = find(lane, batch_id);
    if (i >= 0) return &lane->setbacks[i];
    i = lane->count;
    if (i < LANE_SETBACKS) {
        lane->count++;
    } else {
        i = 0;
        for (int k = 1; k < LANE_SETBACKS; k++)
            if (lane->setbacks[k].again_at < lane->setbacks[i].again_at) i = k;
    }
    lane->setbacks[i] = (struct setback){.batch_id = batch_id};
    return &lane->setbacks[i];
}

const struct setback *lane_fail(struct lane *lane, int64_t batch_id, enum store_answer answer,
                                const struct why *why)
{
    struct setback *setback = entry(lane, batch_id);
    if (!setback->is_pardoned && answer != STORE_CONFLICT && setback->own_failures == 0) {
        setback->failures++;
        return setback;
    }
    setback->own_failures++;
    setback->again_at = clock_monotonic_ms() + outage_pause_ms(STORE_CONFLICT, setback->own_failures, 0);
    lane->trouble = *why;
    return setback;
}

bool lane_forget(struct lane *lane, int64_t batch_id)
{
    int i = find(lane, batch_id);
    if (i < 0) return false;
    bool was_own = lane->setbacks[i].own_failures > 0;
    lane->setbacks[i] = lane->setbacks[--lane->count];
    for (i = 0; i < lane->count; i++)
        if (lane->setbacks[i].own_failures > 0) return false;
    if (was_own) why_clear(&lane->trouble);
    return was_own;
}

void lane_pardon(struct lane *lane)
{
    for (int i = 0; i < lane->count; i++) lane->setbacks[i].is_pardoned = true;
}
