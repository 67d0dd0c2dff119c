/* pile -- see pile.h. */
#include "tests/support/worlds/pile.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void pile_fini(struct pile *pile)
{
    free(pile->batches);
    free(pile->fresh_ids);
    *pile = (struct pile){0};
}

struct pile_batch *pile_batch(const struct pile *pile, int64_t id)
{
    return id >= 1 && id <= pile->count ? &pile->batches[id - 1] : NULL;
}

static void *grown(void *array, int64_t count, int64_t *room, size_t size)
{
    if (count < *room) return array;
    *room = *room ? *room * 2 : 64;
    void *more = realloc(array, (size_t)*room * size);
    assert(more);
    return more;
}

/* ---- which are refused, and which never were ---- */

static int group_of(struct pile *pile, enum batch_kind kind, const struct cause *cause)
{
    for (int i = 0; i < pile->group_count; i++) {
        const struct pile_group *group = &pile->groups[i];
        if (group->kind == kind && group->cause.status == cause->status &&
            strcmp(group->cause.code, cause->code) == 0)
            return i;
    }
    assert(pile->group_count < PILE_GROUPS);
    pile->groups[pile->group_count] = (struct pile_group){.kind = kind, .cause = *cause};
    return pile->group_count++;
}

static void add_fresh(struct pile *pile, const struct pile_batch *batch)
{
    pile->fresh_ids = grown(pile->fresh_ids, pile->fresh_count, &pile->fresh_room, sizeof *pile->fresh_ids);
    pile->fresh_ids[pile->fresh_count++] = batch->id;
    pile->fresh[batch->kind]++;
}

static void remove_fresh(struct pile *pile, const struct pile_batch *batch)
{
    int64_t i = 0;
    while (pile->fresh_ids[i] != batch->id) i++;
    pile->fresh_ids[i] = pile->fresh_ids[--pile->fresh_count];
    pile->fresh[batch->kind]--;
    pile->denied[batch->kind] -= batch->was_denied;
}

static void leave(struct pile *pile, const struct pile_batch *batch)
{
    if (batch->is_refused) {
        pile->groups[batch->group].open--;
        pile->groups[batch->group].running -= batch->is_running;
    } else {
        remove_fresh(pile, batch);
    }
}

void pile_refuse(struct pile *pile, struct pile_batch *batch, const struct cause *cause)
{
    leave(pile, batch);
    batch->is_refused = true;
    batch->was_denied = false;
    batch->group = group_of(pile, batch->kind, cause);
    batch->opening = pile->groups[batch->group].opening;
    pile->groups[batch->group].open++;
    pile->groups[batch->group].running += batch->is_running;
}

void pile_deny(struct pile *pile, struct pile_batch *batch)
{
    if (batch->is_refused || batch->was_denied) return;
    batch->was_denied = true;
    pile->denied[batch->kind]++;
}

struct pile_batch *pile_add(struct pile *pile, enum batch_kind kind, int64_t first_id, int64_t last_id,
                            const struct cause *cause)
{
    pile->batches = grown(pile->batches, pile->count, &pile->room, sizeof *pile->batches);
    struct pile_batch *batch = &pile->batches[pile->count++];
    *batch = (struct pile_batch){.id = pile->count,
                                 .first_id = first_id,
                                 .last_id = last_id,
                                 .kind = kind,
                                 .is_open = true,
                                 .is_current = true,
                                 .failed_at = {-1, -1, -1},
                                 .ended_at = -1};
    pile->open[kind]++;
    add_fresh(pile, batch);
    if (cause) pile_refuse(pile, batch, cause);
    return batch;
}

void pile_settle(struct pile *pile, struct pile_batch *batch)
{
    assert(batch->is_open && !batch->is_running);
    leave(pile, batch);
    batch->is_open = false;
    pile->open[batch->kind]--;
}

void pile_begin(struct pile *pile, struct pile_batch *batch, int64_t now)
{
    assert(batch->is_open && !batch->is_running);
    batch->is_running = true;
    batch->began = now;
    if (batch->is_refused) pile->groups[batch->group].running++;
}

void pile_end(struct pile *pile, struct pile_batch *batch)
{
    assert(batch->is_open && batch->is_running);
    batch->is_running = false;
    if (batch->is_refused) pile->groups[batch->group].running--;
}

/* ---- rows ---- */

int64_t pile_waiting(const struct pile *pile, enum batch_kind kind, int64_t now)
{
    int64_t rows = -pile->sealed[kind];
    for (int i = 0; i < pile->arrival_count[kind] && pile->arrivals[kind][i].at <= now; i++)
        rows += pile->arrivals[kind][i].count;
    return rows;
}

int64_t pile_due_at(const struct pile *pile, enum batch_kind kind)
{
    int64_t rows = -pile->sealed[kind];
    int64_t due = INT64_MAX;
    for (int i = 0; i < pile->arrival_count[kind]; i++) {
        const struct pile_arrival *arrival = &pile->arrivals[kind][i];
        bool is_oldest = rows <= 0 && rows + arrival->count > 0;
        rows += arrival->count;
        if (is_oldest && arrival->at + pile->wait_ms < due) due = arrival->at + pile->wait_ms;
        if (rows >= pile->most_rows && arrival->at < due) due = arrival->at;
    }
    return due;
}

struct pile_batch *pile_seal(struct pile *pile, enum batch_kind kind, int64_t now)
{
    int64_t rows = pile_waiting(pile, kind, now);
    assert(rows > 0);
    if (rows > pile->most_rows) rows = pile->most_rows;
    int64_t first_id = pile->sealed[kind] + 1;
    pile->sealed[kind] += rows;
    return pile_add(pile, kind, first_id, pile->sealed[kind], NULL);
}

struct pile_batch *pile_cut(struct pile *pile, struct pile_batch *batch)
{
    int64_t first = pile->count + 1;
    pile_settle(pile, batch);
    batch->is_current = false;
    struct pile_batch whole = *batch; /* adding moves all batches */
    for (int64_t at = whole.first_id; at <= whole.last_id; at += pile->most_rows) {
        int64_t last = at + pile->most_rows - 1;
        struct pile_batch *part =
            pile_add(pile, whole.kind, at, last < whole.last_id ? last : whole.last_id, NULL);
        part->is_copy = whole.is_copy;
    }
    return pile_batch(pile, first);
}

bool pile_is_tiled(const struct pile *pile)
{
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++) {
        int64_t rows = 0;
        int64_t sum = 0;
        for (int64_t i = 0; i < pile->count; i++) {
            const struct pile_batch *batch = &pile->batches[i];
            if ((int)batch->kind != kind || !batch->is_current || batch->is_copy) continue;
            rows += batch->last_id - batch->first_id + 1;
            sum += (batch->last_id - batch->first_id + 1) * (batch->first_id + batch->last_id) / 2;
        }
        int64_t last = pile->sealed[kind];
        if (rows != last || sum != last * (last + 1) / 2) return false;
    }
    return true;
}
