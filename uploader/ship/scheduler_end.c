/* scheduler_end -- see scheduler.h: what the end of a try shows of each scope, from the widest to the batch. */
#include <assert.h>
#include <string.h>

#include "uploader/ship/scheduler_state.h"

/* What one scope learns. */
enum lesson { LEARN_NOTHING, LEARN_WORKS, LEARN_FAILS };

static void teach(struct rest *rest, enum lesson lesson, const struct rest_try *a_try,
                  const struct rest_failure *failure, int64_t now)
{
    switch (lesson) {
    case LEARN_WORKS: rest_succeed(rest, a_try, now); break;
    case LEARN_FAILS: rest_fail(rest, a_try, failure, now); break;
    case LEARN_NOTHING: rest_release(rest, a_try, now); break;
    }
}

/* An xorshift generator: chance for the backoff's jitter alone. */
static uint32_t next_random(struct scheduler *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 17;
    s->random ^= s->random << 5;
    return s->random;
}

/*
 * A batch that is set aside for this very cause fails again. That shows nothing of the scope, even if it fails now:
 * others, or a proof, will.
 */
static bool is_known_trouble(const struct scheduler *s, const struct running *r, const struct cause *cause)
{
    if (r->group == NO_GROUP) return false;
    const struct cause *known = &s->groups.list[r->group].cause;
    return known->status == cause->status && strcmp(known->code, cause->code) == 0;
}

/*
 * The scope that a failure counts for. A batch that has failed in it before, and fails again after another one was taken
 * in it, has trouble of its own; one that began before it failed, and ended after, shows nothing. What refuses the check document would refuse every batch of the kind.
 */
static enum scope narrow(const struct scheduler *s, const struct running *r, const struct entry *entry,
                         const struct scheduler_answer *answer)
{
    enum scope scope = answer->cause.scope;
    if (!entry) return r->action == SCHEDULER_PROVE && scope == SCOPE_BATCH ? SCOPE_KIND : scope;
    if (scope == SCOPE_BATCH || is_known_trouble(s, r, &answer->cause)) return SCOPE_BATCH;
    if (entry->failures == 0 || entry->failed_scope != scope) return scope;
    int64_t taken_began = scope == SCOPE_KIND ? s->kinds[r->kind].taken_began : s->taken_began;
    return taken_began >= entry->ended_at ? SCOPE_BATCH : scope;
}

/* How sure the store's answer makes us of each scope; `scope` is that of a failure. */
static enum lesson endpoint_lesson(const struct scheduler_answer *answer, enum scope scope)
{
    if (answer->outcome == SCHEDULER_TAKEN || answer->outcome == SCHEDULER_FOUND) return LEARN_WORKS;
    if (answer->outcome != SCHEDULER_FAILED) return LEARN_NOTHING;
    if (scope == SCOPE_ENDPOINT) return LEARN_FAILS;
    return answer->is_from_store ? LEARN_WORKS : LEARN_NOTHING;
}

static enum lesson identity_lesson(const struct scheduler_answer *answer, enum scope scope)
{
    if (answer->outcome == SCHEDULER_TAKEN || answer->outcome == SCHEDULER_FOUND) return LEARN_WORKS;
    if (answer->outcome != SCHEDULER_FAILED) return LEARN_NOTHING;
    if (scope == SCOPE_IDENTITY) return LEARN_FAILS;
    return answer->is_authentic ? LEARN_WORKS : LEARN_NOTHING;
}

static enum lesson kind_lesson(const struct scheduler_answer *answer, enum scope scope)
{
    if (answer->outcome == SCHEDULER_TAKEN) return LEARN_WORKS;
    return answer->outcome == SCHEDULER_FAILED && scope == SCOPE_KIND ? LEARN_FAILS : LEARN_NOTHING;
}

/* A scout shows whether batches that were never tried are taken. */
static enum lesson scout_lesson(const struct scheduler_answer *answer, enum scope scope)
{
    if (answer->outcome == SCHEDULER_TAKEN) return LEARN_WORKS;
    bool is_refused =
        answer->outcome == SCHEDULER_UNFIT || (answer->outcome == SCHEDULER_FAILED && scope == SCOPE_BATCH);
    return is_refused ? LEARN_FAILS : LEARN_NOTHING;
}

/* ---- the batch ---- */

/* Is there a member that may still be tried while this group is open? One that runs may run for hours. */
static bool has_others(const struct scheduler *s, int index)
{
    for (size_t i = 0; i < s->entry_count; i++)
        if (s->entries[i].group == index && !s->entries[i].is_running &&
            s->entries[i].opening != s->groups.list[index].opening)
            return true;
    return false;
}

void scheduler_close_group(struct scheduler *s, int index, uint32_t any, int64_t now)
{
    struct group *group = &s->groups.list[index];
    if (group->rest.state == REST_WELL) group_close(group, has_others(s, index), any, now);
}

/* The batch has trouble of its own, and joins those that have the same. */
static void refuse(struct scheduler *s, const struct running *r, struct entry *entry,
                   const struct cause *cause, uint32_t any, int64_t now)
{
    if (r->group != NO_GROUP) group_note_refused(&s->groups.list[r->group], &r->a_try, any, now);
    struct group *group = scheduler_set_aside(s, entry, cause, now);
    if (group->members == 1 && (int)(group - s->groups.list) != r->group)
        group_note_refused(group, &r->a_try, any, now);
    scheduler_close_group(s, entry->group, any, now);
}

static void end_batch(struct scheduler *s, const struct running *r, struct entry *entry,
                      const struct scheduler_answer *answer, enum scope scope,
                      const struct rest_failure *failure, int64_t now)
{
    struct kind_state *state = &s->kinds[r->kind];
    struct group *group = r->group == NO_GROUP ? NULL : &s->groups.list[r->group];
    bool is_failed = answer->outcome == SCHEDULER_FAILED;
    bool is_own = answer->outcome == SCHEDULER_UNFIT || (is_failed && scope == SCOPE_BATCH);
    entry->is_running = false;
    entry->may_be_stored = answer->may_be_stored;
    if (r->is_scout) teach(&state->scouts, scout_lesson(answer, scope), &r->a_try, failure, now);
    if (is_failed && !is_own) {
        entry->failures++;
        entry->failed_scope = (uint8_t)scope;
    }
    entry->was_refused |= is_failed && scope == SCOPE_KIND;
    if (group && answer->outcome == SCHEDULER_TAKEN) group_note_taken(group, &r->a_try, now);
    if (group && answer->outcome != SCHEDULER_TAKEN && !is_own) rest_release(&group->rest, &r->a_try, now);
    if (is_own) refuse(s, r, entry, &answer->cause, failure->any, now);
    entry->ended_at = now;
    if (answer->is_settled) scheduler_forget(s, entry);
    if (group) scheduler_close_group(s, r->group, failure->any, now);
}

/* ---- all ---- */

static int find_running(const struct scheduler *s, int64_t number)
{
    int i = 0;
    while (i <= SCHEDULER_WORKERS_MAX && s->running[i].a_try.id != number) i++;
    assert(i <= SCHEDULER_WORKERS_MAX);
    return i;
}

static struct entry *entry_of(const struct scheduler *s, const struct running *r)
{
    return r->action == SCHEDULER_SHIP ? scheduler_entry(s, r->batch_id) : NULL;
}

enum scope scheduler_scope_of(const struct scheduler *s, int64_t number,
                              const struct scheduler_answer *answer)
{
    const struct running *r = &s->running[find_running(s, number)];
    return narrow(s, r, entry_of(s, r), answer);
}

static void note_answer(struct scheduler *s, const struct running *r, const struct scheduler_answer *answer,
                        int64_t now)
{
    struct kind_state *state = &s->kinds[r->kind];
    if (answer->outcome == SCHEDULER_UNFIT || answer->outcome == SCHEDULER_LEFT) return;
    state->prove_due = now + SCHEDULER_PROVE_MS;
    if (answer->outcome != SCHEDULER_TAKEN) return;
    state->is_proven = true;
    if (r->a_try.began > s->taken_began) s->taken_began = r->a_try.began;
    if (r->a_try.began > state->taken_began) state->taken_began = r->a_try.began;
}

enum scope scheduler_end(struct scheduler *s, int64_t number, const struct scheduler_answer *answer,
                         int64_t now)
{
    int index = find_running(s, number);
    struct running r = s->running[index];
    struct entry *entry = entry_of(s, &r);
    enum scope scope = narrow(s, &r, entry, answer);
    struct rest_failure failure = {.is_silent = answer->cause.status == 0,
                                   .asked_ms = scope == SCOPE_ENDPOINT ? answer->asked_ms : 0,
                                   .any = next_random(s)};
    s->running[index].a_try.id = 0;
    teach(&s->endpoint, endpoint_lesson(answer, scope), &r.a_try, &failure, now);
    teach(&s->identity, identity_lesson(answer, scope), &r.a_try, &failure, now);
    if (r.action == SCHEDULER_ERRAND) return scope;
    teach(&s->kinds[r.kind].rest, kind_lesson(answer, scope), &r.a_try, &failure, now);
    note_answer(s, &r, answer, now);
    if (entry) end_batch(s, &r, entry, answer, scope, &failure, now);
    return scope;
}
