/*
 * scheduler_next -- see scheduler.h: what is next, and that a try begins.
 *
 * Each choice looks once at every open batch (survey()): that costs less than one request even when 10,000 wait.
 */
#include <assert.h>

#include "uploader/ship/scheduler_state.h"

#define GROUP_TURN 4 /* one start in so many of a kind goes to its groups */
/* In an outage one probe in so many is a proof: the batches may be what gets no answer. */
#define PROOF_TURN 4

/* ---- a look at all open batches ---- */

/* The candidates of one kind; NULL: there is none. */
struct candidates {
    bool is_known;              /* all that lies before this kind works */
    const struct entry *fresh;  /* has never failed */
    const struct entry *failed; /* has, and was never refused */
    const struct entry *denied; /* refused with its whole kind, and not set aside */
    const struct entry *member; /* of the group whose turn it is */
    int ahead;                  /* open, and never refused; */
    int held;                   /* of these, those whose try has lost a probe's place */
};

struct survey {
    struct candidates kinds[BATCH_KIND_COUNT];
    const struct entry *members[GROUPS_MAX]; /* the next of each group */
};

/*
 * The oldest first. But while it is not known whether anything works, the one that has failed least often: so one that
 * never gets an answer is not for ever the probe.
 */
static bool is_better(const struct entry *a, const struct entry *b, bool is_known)
{
    if (!b) return true;
    if (!is_known && a->failures != b->failures) return a->failures < b->failures;
    return a->first_id != b->first_id ? a->first_id < b->first_id : a->id < b->id;
}

/* In a group: the one that was tried least recently. */
static bool is_next_member(const struct entry *a, const struct entry *b)
{
    if (!b || a->tried != b->tried) return !b || a->tried < b->tried;
    return a->first_id != b->first_id ? a->first_id < b->first_id : a->id < b->id;
}

/* While a group is open, each of its members is tried once. */
static bool may_be_tried(const struct entry *entry, const struct group *group, int64_t now)
{
    if (group->rest.state == REST_WELL && entry->opening == group->opening) return false;
    return rest_may_try(&group->rest, now);
}

static void survey_entry(const struct scheduler *s, const struct entry *entry, int64_t now, struct survey *v)
{
    struct candidates *c = &v->kinds[entry->kind];
    c->ahead += !entry->was_refused;
    if (entry->is_running || (!s->options.is_on[entry->kind] && !entry->may_be_stored)) return;
    if (entry->group != NO_GROUP) {
        const struct entry **member = &v->members[entry->group];
        if (may_be_tried(entry, &s->groups.list[entry->group], now) && is_next_member(entry, *member))
            *member = entry;
        return;
    }
    const struct entry **best = entry->was_refused     ? &c->denied
                                : entry->failures == 0 ? &c->fresh
                                                       : &c->failed;
    if (is_better(entry, *best, c->is_known)) *best = entry;
}

/* Groups take turns. */
static void survey_groups(const struct scheduler *s, struct survey *v)
{
    for (int i = 0; i < GROUPS_MAX; i++) {
        if (!v->members[i]) continue;
        struct candidates *c = &v->kinds[v->members[i]->kind];
        if (!c->member || s->groups.list[i].turn < s->groups.list[c->member->group].turn)
            c->member = v->members[i];
    }
}

/* A try that takes longer than a probe may tells nothing yet, and holds up no other. */
static bool is_held(const struct running *r, int64_t now)
{
    return r->a_try.id != 0 && now >= r->a_try.began + REST_PROBE_MS;
}

static void survey_running(const struct scheduler *s, int64_t now, struct survey *v)
{
    for (size_t i = 0; i < sizeof s->running / sizeof *s->running; i++) {
        const struct running *r = &s->running[i];
        if (r->action == SCHEDULER_SHIP && is_held(r, now))
            v->kinds[r->kind].held += !scheduler_entry(s, r->batch_id)->was_refused;
    }
}

static void survey(const struct scheduler *s, int64_t now, struct survey *v)
{
    *v = (struct survey){.kinds = {{0}}};
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++)
        v->kinds[kind].is_known = s->endpoint.state == REST_WELL && s->identity.state == REST_WELL &&
                                  s->kinds[kind].rest.state == REST_WELL;
    for (size_t i = 0; i < s->entry_count; i++) survey_entry(s, &s->entries[i], now, v);
    survey_running(s, now, v);
    survey_groups(s, v);
}

/* ---- the choice ---- */

static bool may_seal(const struct scheduler *s, enum batch_kind kind, const struct candidates *c, int64_t now)
{
    const struct kind_state *state = &s->kinds[kind];
    if (!s->options.is_on[kind] || now < state->not_due_until || c->ahead - c->held >= s->options.ahead)
        return false;
    if (state->rest.state == REST_WELL && state->scouts.state == REST_WELL) return true;
    return c->ahead == c->held && rest_may_try(&state->scouts, now);
}

/* Those that were denied and those that are set aside take turns. */
static const struct entry *next_refused(const struct candidates *c)
{
    if (!c->denied || !c->member) return c->denied ? c->denied : c->member;
    return c->denied->tried < c->member->tried ? c->denied : c->member;
}

/* One that has failed gives way to one that never did, sealed or not, only while that may show more. */
static const struct entry *next_unrefused(const struct candidates *c)
{
    if (!c->is_known || !c->failed) return c->fresh;
    return c->fresh && is_better(c->fresh, c->failed, true) ? c->fresh : c->failed;
}

static bool choose_in_kind(const struct scheduler *s, enum batch_kind kind, const struct candidates *c,
                           int64_t now, struct scheduler_step *step)
{
    const struct entry *refused = next_refused(c);
    const struct entry *entry = NULL;
    if (!rest_may_try(&s->kinds[kind].rest, now)) return false;
    step->kind = kind;
    if (s->kinds[kind].starts >= GROUP_TURN - 1) entry = refused;
    if (!entry) entry = next_unrefused(c);
    if (!entry && may_seal(s, kind, c, now)) {
        step->action = SCHEDULER_SEAL;
        return true;
    }
    if (!entry) entry = c->failed;
    if (!entry) entry = refused;
    if (!entry) return false;
    step->action = SCHEDULER_SHIP;
    step->batch_id = entry->id;
    return true;
}

static bool choose_batch(const struct scheduler *s, const struct survey *v, int64_t now,
                         struct scheduler_step *step)
{
    for (int i = 0; i < BATCH_KIND_COUNT; i++) {
        enum batch_kind kind = (enum batch_kind)((s->next_kind + i) % BATCH_KIND_COUNT);
        if (choose_in_kind(s, kind, &v->kinds[kind], now, step)) return true;
    }
    return false;
}

/* How many tries of a kind run; errands have none. */
static int count_running(const struct scheduler *s, enum batch_kind kind)
{
    int count = 0;
    for (size_t i = 0; i < sizeof s->running / sizeof *s->running; i++)
        count += s->running[i].a_try.id != 0 && s->running[i].action != SCHEDULER_ERRAND &&
                 s->running[i].kind == kind;
    return count;
}

/* Does something of this kind run that may show soon whether it works? */
static bool has_probe(const struct scheduler *s, enum batch_kind kind, int64_t now)
{
    for (size_t i = 0; i < sizeof s->running / sizeof *s->running; i++) {
        const struct running *r = &s->running[i];
        if (r->a_try.id != 0 && r->action != SCHEDULER_ERRAND && r->kind == kind && !is_held(r, now))
            return true;
    }
    return false;
}

/* A destination is proven where nothing else shows that it works: it is not known to, or it was long ago. */
static bool must_prove(const struct scheduler *s, enum batch_kind kind, int64_t now)
{
    const struct kind_state *state = &s->kinds[kind];
    bool is_known = s->endpoint.state == REST_WELL && s->identity.state == REST_WELL &&
                    state->rest.state == REST_WELL && now < state->prove_due;
    return s->options.proves && s->options.is_on[kind] && !is_known && rest_may_try(&state->rest, now) &&
           !has_probe(s, kind, now);
}

static bool choose_proof(const struct scheduler *s, int64_t now, struct scheduler_step *step)
{
    for (int i = 0; i < BATCH_KIND_COUNT; i++) {
        enum batch_kind kind = (enum batch_kind)((s->next_kind + i) % BATCH_KIND_COUNT);
        if (!must_prove(s, kind, now)) continue;
        step->action = SCHEDULER_PROVE;
        step->kind = kind;
        return true;
    }
    return false;
}

/* When a spare worker may be used, as all others are held for so long; INT64_MAX: a worker is idle. */
static int64_t spare_from(const struct scheduler *s)
{
    int64_t latest = 0;
    if (scheduler_running_count(s) < s->options.workers) return INT64_MIN;
    if (scheduler_running_count(s) > s->options.workers) return INT64_MAX;
    for (size_t i = 0; i < sizeof s->running / sizeof *s->running; i++)
        if (s->running[i].a_try.id != 0 && s->running[i].a_try.began > latest)
            latest = s->running[i].a_try.began;
    return latest + REST_PROBE_MS;
}

static void consider(int64_t *due, int64_t at, int64_t now)
{
    if (at > now && at < *due) *due = at;
}

/* The next moment at which the answer may be another one. */
static int64_t next_due(const struct scheduler *s, int64_t now)
{
    int64_t due = INT64_MAX;
    consider(&due, spare_from(s), now);
    for (size_t i = 0; i < sizeof s->running / sizeof *s->running; i++)
        if (s->running[i].a_try.id != 0) consider(&due, s->running[i].a_try.began + REST_PROBE_MS, now);
    consider(&due, rest_due(&s->endpoint, now), now);
    consider(&due, rest_due(&s->identity, now), now);
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++) {
        const struct kind_state *state = &s->kinds[kind];
        consider(&due, rest_due(&state->rest, now), now);
        consider(&due, rest_due(&state->scouts, now), now);
        if (!s->options.is_on[kind]) continue;
        consider(&due, state->not_due_until, now);
        if (s->options.proves) consider(&due, state->prove_due, now);
    }
    for (int i = 0; i < GROUPS_MAX; i++)
        if (s->groups.list[i].members > 0) consider(&due, rest_due(&s->groups.list[i].rest, now), now);
    return due;
}

static bool choose(const struct scheduler *s, int64_t now, struct scheduler_step *step)
{
    struct survey v;
    if (now < spare_from(s) || !rest_may_try(&s->endpoint, now) || !rest_may_try(&s->identity, now))
        return false;
    bool has_errand = s->errands > 0;
    step->action = SCHEDULER_ERRAND;
    if (has_errand && !s->was_errand) return true;
    if (s->endpoint.failures % PROOF_TURN == PROOF_TURN - 1 && choose_proof(s, now, step)) return true;
    survey(s, now, &v);
    if (choose_batch(s, &v, now, step)) return true;
    return has_errand || choose_proof(s, now, step);
}

void scheduler_next(const struct scheduler *s, int64_t now, struct scheduler_step *step)
{
    *step = (struct scheduler_step){.due = now};
    if (choose(s, now, step)) return;
    *step = (struct scheduler_step){.action = SCHEDULER_WAIT, .due = next_due(s, now)};
}

/* ---- a try begins ---- */

static void begin_batch(struct scheduler *s, struct running *r, int64_t now)
{
    struct kind_state *state = &s->kinds[r->kind];
    struct entry *entry = scheduler_entry(s, r->batch_id);
    assert(entry && !entry->is_running);
    r->group = entry->group;
    r->is_scout = !entry->was_refused;
    if (r->is_scout && rest_may_try(&state->scouts, now)) rest_begin(&state->scouts, &r->a_try, now);
    if (r->group != NO_GROUP) {
        rest_begin(&s->groups.list[r->group].rest, &r->a_try, now);
        s->groups.list[r->group].turn = r->a_try.id;
    }
    entry->is_running = true;
    entry->tried = r->a_try.id;
    state->starts = entry->was_refused ? 0 : state->starts + 1;
    if (r->group != NO_GROUP) scheduler_close_group(s, r->group, 0, now); /* it may run for hours */
}

int64_t scheduler_begin(struct scheduler *s, const struct scheduler_step *step, int64_t now)
{
    struct running *r = s->running;
    while (r->a_try.id != 0) r++;
    assert(r < s->running + s->options.workers + 1);
    *r = (struct running){.a_try = {++s->numbers, now},
                          .action = step->action,
                          .kind = step->kind,
                          .batch_id = step->batch_id,
                          .group = NO_GROUP};
    rest_begin(&s->endpoint, &r->a_try, now);
    rest_begin(&s->identity, &r->a_try, now);
    s->was_errand = step->action == SCHEDULER_ERRAND;
    if (s->was_errand) return s->numbers;
    rest_begin(&s->kinds[step->kind].rest, &r->a_try, now);
    if (step->action == SCHEDULER_SHIP) begin_batch(s, r, now);
    s->next_kind = (step->kind + 1) % BATCH_KIND_COUNT;
    return s->numbers;
}

/* ---- is there nothing left? ---- */

bool scheduler_is_stuck(const struct scheduler *s, enum batch_kind kind, int64_t since, int64_t now)
{
    struct survey v;
    survey(s, now, &v);
    const struct candidates *c = &v.kinds[kind];
    if (c->fresh || c->failed || c->denied || c->member || count_running(s, kind) > 0) return false;
    if (may_seal(s, kind, c, now)) return false;
    for (int i = 0; i < GROUPS_MAX; i++) {
        const struct group *group = &s->groups.list[i];
        if (group->members > 0 && group->kind == kind && group->rest.failed_at < since) return false;
    }
    return scheduler_refused_count(s, kind) > 0;
}
