/* queue -- see queue.h. */
#include "uploader/ship/queue.h"

#include <stddef.h>

#include "common/clock.h"
#include "uploader/ship/outage.h"

static int find(const struct queue *queue, int64_t batch_id)
{
    for (int i = 0; i < queue->count; i++)
        if (queue->failed[i].batch_id == batch_id) return i;
    return -1;
}

static bool is_passed_by(const struct failed_batch *failed_batch)
{
    return failed_batch && failed_batch->own_failures > 0 && clock_monotonic_ms() < failed_batch->again_at;
}

enum result queue_next(const struct queue *queue, struct spool_out *spool, struct workers *workers,
                       struct choice *choice, struct why *why)
{
    struct batch batch;
    bool is_some = true;
    int64_t from_id = 0;
    int least = 0;
    enum result res = RES_OK;
    *choice = (struct choice){.is_some = false};
    while (res == RES_OK && is_some && (!choice->is_some || choice->has_failed)) {
        res = spool_out_open_batch(spool, queue->kind, from_id, &batch, &is_some, why);
        if (res != RES_OK || !is_some) break;
        from_id = batch.last_id + 1;
        int i = find(queue, batch.id);
        const struct failed_batch *failed_batch = i >= 0 ? &queue->failed[i] : NULL;
        choice->open += !failed_batch || failed_batch->own_failures == 0;
        if (workers_have_batch(workers, batch.id) || is_passed_by(failed_batch)) continue;
        int failures = failed_batch ? failed_batch->failures : 0;
        if (choice->is_some && failures >= least) continue;
        choice->batch = batch;
        choice->is_some = true;
        choice->has_failed =
            failures > 0 && !failed_batch->others_shipped_since && failed_batch->own_failures == 0;
        least = failures;
    }
    return res;
}

/* The entry of a batch; if it has none, a new one, which replaces the entry due first when all are in use. */
static struct failed_batch *entry(struct queue *queue, int64_t batch_id)
{
    int i = find(queue, batch_id);
    if (i >= 0) return &queue->failed[i];
    i = queue->count;
    if (i < QUEUE_FAILED_MAX) {
        queue->count++;
    } else {
        i = 0;
        for (int k = 1; k < QUEUE_FAILED_MAX; k++)
            if (queue->failed[k].again_at < queue->failed[i].again_at) i = k;
    }
    queue->failed[i] = (struct failed_batch){.batch_id = batch_id};
    return &queue->failed[i];
}

const struct failed_batch *queue_note_failure(struct queue *queue, int64_t batch_id, enum store_answer answer,
                                              const struct why *why)
{
    struct failed_batch *failed_batch = entry(queue, batch_id);
    if (!failed_batch->others_shipped_since && answer != STORE_CONFLICT && failed_batch->own_failures == 0) {
        failed_batch->failures++;
        return failed_batch;
    }
    failed_batch->own_failures++;
    failed_batch->again_at =
        clock_monotonic_ms() + outage_pause_ms(STORE_CONFLICT, failed_batch->own_failures, 0);
    queue->trouble = *why;
    return failed_batch;
}

bool queue_forget(struct queue *queue, int64_t batch_id)
{
    int i = find(queue, batch_id);
    if (i < 0) return false;
    bool was_own = queue->failed[i].own_failures > 0;
    queue->failed[i] = queue->failed[--queue->count];
    for (i = 0; i < queue->count; i++)
        if (queue->failed[i].own_failures > 0) return false;
    if (was_own) why_clear(&queue->trouble);
    return was_own;
}

void queue_note_shipped(struct queue *queue)
{
    for (int i = 0; i < queue->count; i++) queue->failed[i].others_shipped_since = true;
}
