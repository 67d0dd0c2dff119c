/*
 * scheduler_state -- see scheduler_state.h: what there is, and what stands in the way. What is next is decided in
 * scheduler_next.c; scheduler_end.c takes in how a try has ended.
 */
#include "uploader/ship/scheduler_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct backoff when_away = {500, 30000};             /* the endpoint: it comes back by itself */
static const struct backoff when_refused = {5000, REST_MOST_MS};  /* a person must act, without a restart */
static const struct backoff when_scouting = {1000, REST_MOST_MS}; /* a few refused batches are passed soon */

/* ---- life ---- */

struct scheduler *scheduler_new(const struct scheduler_options *options, int64_t now)
{
    struct scheduler *s = calloc(1, sizeof *s);
    if (!s) abort();
    assert(options->workers >= 1 && options->workers <= SCHEDULER_WORKERS_MAX && options->ahead >= 1);
    s->options = *options;
    s->random = options->seed ? options->seed : 1;
    s->taken_began = -1;
    s->endpoint = rest_start(&when_away, false);
    s->identity = rest_start(&when_refused, false);
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++)
        s->kinds[kind] = (struct kind_state){.rest = rest_start(&when_refused, false),
                                             .scouts = rest_start(&when_scouting, true),
                                             .not_due_until = now,
                                             .prove_due = now,
                                             .taken_began = -1};
    return s;
}

void scheduler_free(struct scheduler *s)
{
    if (!s) return;
    free(s->entries);
    free(s);
}

/* ---- what there is ---- */

struct entry *scheduler_entry(const struct scheduler *s, int64_t batch_id)
{
    size_t low = 0;
    size_t high = s->entry_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->entries[middle].id < batch_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->entry_count && s->entries[low].id == batch_id ? &s->entries[low] : NULL;
}

struct group *scheduler_set_aside(struct scheduler *s, struct entry *entry, const struct cause *cause,
                                  int64_t now)
{
    struct group *group = groups_find(&s->groups, (enum batch_kind)entry->kind, cause, now);
    int index = (int)(group - s->groups.list);
    entry->was_refused = true;
    entry->opening = group->opening;
    if (entry->group == index) return group;
    if (entry->group != NO_GROUP) s->groups.list[entry->group].members--;
    entry->group = (int16_t)index;
    group->members++;
    return group;
}

void scheduler_add(struct scheduler *s, const struct scheduler_batch *batch, int64_t now)
{
    assert(s->entry_count == 0 || s->entries[s->entry_count - 1].id < batch->id);
    if (s->entry_count == s->entry_capacity) {
        s->entry_capacity = s->entry_capacity ? s->entry_capacity * 2 : 64;
        s->entries = reallocarray(s->entries, s->entry_capacity, sizeof *s->entries);
        if (!s->entries) abort();
    }
    struct entry *entry = &s->entries[s->entry_count++];
    *entry = (struct entry){.id = batch->id,
                            .first_id = batch->first_id,
                            .group = NO_GROUP,
                            .kind = (uint8_t)batch->kind,
                            .may_be_stored = batch->may_be_stored};
    if (batch->is_refused) (void)scheduler_set_aside(s, entry, &batch->cause, now);
}

void scheduler_forget(struct scheduler *s, struct entry *entry)
{
    size_t index = (size_t)(entry - s->entries);
    if (entry->group != NO_GROUP) s->groups.list[entry->group].members--;
    memmove(entry, entry + 1, (s->entry_count - index - 1) * sizeof *entry);
    s->entry_count--;
}

void scheduler_remove(struct scheduler *s, int64_t batch_id, int64_t now)
{
    struct entry *entry = scheduler_entry(s, batch_id);
    if (!entry) return;
    assert(!entry->is_running);
    int group = entry->group;
    scheduler_forget(s, entry);
    if (group != NO_GROUP) scheduler_close_group(s, group, 0, now);
}

void scheduler_set_errands(struct scheduler *s, int count)
{
    s->errands = count;
}

void scheduler_not_due(struct scheduler *s, enum batch_kind kind, int64_t until)
{
    s->kinds[kind].not_due_until = until;
}

void scheduler_hurry(struct scheduler *s, int64_t now)
{
    rest_hurry(&s->endpoint, now);
    rest_hurry(&s->identity, now);
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++) {
        rest_hurry(&s->kinds[kind].rest, now);
        rest_hurry(&s->kinds[kind].scouts, now);
        s->kinds[kind].not_due_until = now;
    }
    for (int i = 0; i < GROUPS_MAX; i++) rest_hurry(&s->groups.list[i].rest, now);
}

/* ---- what stands in the way ---- */

static int64_t failing_since(const struct rest *rest)
{
    return rest->failures > 0 ? rest->since : -1;
}

int64_t scheduler_failing_since(const struct scheduler *s, enum scope scope, enum batch_kind kind)
{
    int64_t first = -1;
    if (scope == SCOPE_ENDPOINT) return failing_since(&s->endpoint);
    if (scope == SCOPE_IDENTITY) return failing_since(&s->identity);
    if (scope == SCOPE_KIND) return failing_since(&s->kinds[kind].rest);
    for (int i = 0; i < GROUPS_MAX; i++) {
        const struct group *group = &s->groups.list[i];
        if (group->members > 0 && group->kind == kind && (first < 0 || group->since < first))
            first = group->since;
    }
    return first;
}

int64_t scheduler_refused_count(const struct scheduler *s, enum batch_kind kind)
{
    int64_t count = 0;
    for (int i = 0; i < GROUPS_MAX; i++)
        if (s->groups.list[i].kind == kind) count += s->groups.list[i].members;
    return count;
}

bool scheduler_is_proven(const struct scheduler *s, enum batch_kind kind)
{
    return s->kinds[kind].is_proven;
}

bool scheduler_is_running(const struct scheduler *s, int64_t batch_id)
{
    const struct entry *entry = scheduler_entry(s, batch_id);
    return entry && entry->is_running;
}

int scheduler_running_count(const struct scheduler *s)
{
    int count = 0;
    for (size_t i = 0; i < sizeof s->running / sizeof *s->running; i++) count += s->running[i].a_try.id != 0;
    return count;
}
