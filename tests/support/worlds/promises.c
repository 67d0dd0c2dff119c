/* promises -- see promises.h: what must hold when something begins, and when it has ended. */
#include "tests/support/worlds/promises.h"

#include <inttypes.h>
#include <string.h>

#include "tests/support/worlds/history.h"

/* ---- what may begin ---- */

/* Not more tries at once than there are workers; one more only while all of these are held. */
static void check_workers(struct world *w)
{
    int held = 0;
    for (int i = 0; i < w->running; i++) held += !history_holds_place(w, &w->tries[i]);
    if (w->running < w->options.workers) return;
    if (w->running > w->options.workers || held < w->running)
        world_break(w, "workers: %d run, of which %d are held; another one begins", w->running, held);
}

/* Rule 5: nothing is tried before its rest ends. */
static void check_floor(struct world *w, const struct view *view, const char *what)
{
    if (w->now < view_floor(view))
        world_break(w, "floor: the rest of %s ends at %" PRId64 " ms", what, view_floor(view));
}

/* Rule 6: while a scope is not known to work, one try at a time. */
static void check_probe(struct world *w, int scope)
{
    const struct view *view = &w->scopes[scope];
    if (!view->is_failing && view->well_at >= 0) return;
    for (int i = 0; i < w->running; i++) {
        const struct world_try *other = &w->tries[i];
        if (other->is_probe[scope] && other->began >= view->unwell_from && history_holds_place(w, other))
            world_break(w, "probe: two tries at once in scope %d, beside %" PRId64, scope, other->number);
    }
}

/* Rule 3: one representative at a time. */
static void check_representative(struct world *w, const struct pile_batch *batch)
{
    const struct view *view = &w->groups[batch->group].view;
    check_floor(w, view, "the group");
    if (!view->is_failing && view->well_at >= 0) return;
    for (int i = 0; i < w->running; i++) {
        const struct world_try *other = &w->tries[i];
        if (other->group == batch->group && other->began >= view->unwell_from &&
            history_holds_place(w, other))
            world_break(w, "group: two representatives at once, beside %" PRId64, other->number);
    }
}

static bool is_way_well(const struct world *w, enum batch_kind kind)
{
    bool is_well = true;
    for (int i = 0; i < world_scope_count(SCHEDULER_SHIP); i++)
        is_well = is_well && w->scopes[world_scope(i, kind)].is_well;
    return is_well;
}

/*
 * Rule 4: the oldest first. While a scope is not known to work, a batch that has failed more often than another one may
 * stand behind it, so that one that never gets an answer is not for ever the probe.
 */
static void check_oldest(struct world *w, const struct pile_batch *batch)
{
    bool is_well = is_way_well(w, batch->kind);
    for (int64_t i = 0; i < w->pile.fresh_count; i++) {
        const struct pile_batch *other = pile_batch(&w->pile, w->pile.fresh_ids[i]);
        if (other->kind != batch->kind || other->is_running || !world_may_ship(w, other)) continue;
        if (other->was_denied) continue;
        if (other->first_id < batch->first_id && (is_well || other->failures <= batch->failures))
            world_break(w, "order: batch %" PRId64 " is older", other->id);
    }
}

/* Batches that were never refused, and might be tried now. */
static int64_t startable_fresh(const struct world *w, enum batch_kind kind)
{
    int64_t count = 0;
    for (int64_t i = 0; i < w->pile.fresh_count; i++) {
        const struct pile_batch *other = pile_batch(&w->pile, w->pile.fresh_ids[i]);
        count += other->kind == kind && !other->is_running && !other->was_denied && world_may_ship(w, other);
    }
    return count;
}

/* May a batch of this group surely be tried? */
static bool is_group_startable(const struct world *w, int group)
{
    const struct world_group *g = &w->groups[group];
    bool is_held = view_ceiling(&g->view) > w->now;
    for (int i = 0; i < w->running && !g->view.is_well; i++)
        is_held |= w->tries[i].group == group && history_holds_place(w, &w->tries[i]);
    if (is_held || w->pile.groups[group].open == w->pile.groups[group].running) return false;
    return !g->view.is_well || history_has_untried(w, group);
}

/* Rule 4: one start in four goes to the groups, not more and not less. */
static void check_quarter(struct world *w, const struct pile_batch *batch)
{
    struct world_kind *kind = &w->kinds[batch->kind];
    if (batch->is_refused || batch->was_denied) {
        if (kind->starts < 3 && startable_fresh(w, batch->kind) > 0)
            world_break(w, "quarter: only %d starts of other batches were between", kind->starts);
        return;
    }
    bool is_one = false;
    for (int i = 0; i < w->pile.group_count && w->options.is_on[batch->kind]; i++)
        is_one |= w->pile.groups[i].kind == batch->kind && is_group_startable(w, i);
    kind->starved = is_one ? kind->starved + 1 : 0;
    if (kind->starved > 4) world_break(w, "quarter: a group is passed over %d times", kind->starved);
}

static void check_ship(struct world *w, const struct scheduler_step *step)
{
    const struct pile_batch *batch = pile_batch(&w->pile, step->batch_id);
    if (!batch || batch->kind != step->kind) {
        world_break(w, "ship: there is no batch %" PRId64 " of kind %d", step->batch_id, step->kind);
    } else if (!batch->is_open) {
        world_break(w, "ship: batch %" PRId64 " is settled", batch->id);
    } else if (batch->is_running) {
        world_break(w, "ship: batch %" PRId64 " is on its way", batch->id);
    } else if (!world_may_ship(w, batch)) {
        world_break(w, "ship: kind %d is off, and batch %" PRId64 " is not stored", batch->kind, batch->id);
    } else {
        check_quarter(w, batch);
        if (batch->is_refused)
            check_representative(w, batch);
        else if (!batch->was_denied)
            check_oldest(w, batch);
    }
}

/*
 * No proof while batches flow: it goes out first of all, after an hour without traffic, where nothing else may, or
 * where others have got no answer three times in a row.
 */
static void check_prove(struct world *w, enum batch_kind kind)
{
    const struct world_kind *k = &w->kinds[kind];
    if (!w->options.proves || !w->options.is_on[kind])
        world_break(w, "prove: kind %d is not to be proven", kind);
    if (startable_fresh(w, kind) > 0 && w->scopes[SCOPE_ENDPOINT].is_well)
        world_break(w, "prove: a batch of kind %d may be sent", kind);
    if (is_way_well(w, kind) && k->good_at >= 0 && w->now < k->traffic_at + SCHEDULER_PROVE_MS)
        world_break(w, "prove: kind %d had traffic at %" PRId64 " ms", kind, k->traffic_at);
    for (int i = 0; i < w->running; i++)
        if (w->tries[i].step.action == SCHEDULER_PROVE && w->tries[i].step.kind == kind &&
            history_holds_place(w, &w->tries[i]))
            world_break(w, "prove: two proofs of kind %d at once", kind);
}

void promises_check_begin(struct world *w, const struct scheduler_step *step)
{
    check_workers(w);
    for (int i = 0; i < world_scope_count(step->action); i++) {
        static const char *const names[] = {"the endpoint", "the identity", "the kind"};
        int scope = world_scope(i, step->kind);
        check_floor(w, &w->scopes[scope], names[i]);
        check_probe(w, scope);
    }
    if (step->action == SCHEDULER_ERRAND && w->errands == 0) world_break(w, "errand: nobody wants one");
    if (step->action == SCHEDULER_PROVE) check_prove(w, step->kind);
    if (step->action == SCHEDULER_SHIP) check_ship(w, step);
}

/*
 * Rule 7: at most `ahead` batches that were not refused; after a refusal one for each rest, and only when none is left.
 * One that has run for longer than a probe may does not count.
 */
void promises_check_seal(struct world *w, enum batch_kind kind)
{
    const struct world_kind *k = &w->kinds[kind];
    int64_t held = 0;
    for (int i = 0; i < w->running; i++) {
        const struct world_try *a_try = &w->tries[i];
        if (a_try->step.action != SCHEDULER_SHIP || a_try->step.kind != kind) continue;
        const struct pile_batch *batch = pile_batch(&w->pile, a_try->step.batch_id);
        held += !batch->is_refused && !batch->was_denied && !history_holds_place(w, a_try);
    }
    int64_t sealed = w->pile.fresh[kind] - w->pile.denied[kind];
    int64_t left = sealed - held;
    if (!w->options.is_on[kind]) world_break(w, "seal: kind %d is off", kind);
    if (left >= w->options.ahead) world_break(w, "seal: %" PRId64 " batches are sealed ahead", left);
    if (k->refused_at < 0) return;
    if (left > 0) world_break(w, "scout: %" PRId64 " batches were not refused", left);
    if (k->refused_at > w->hurried_at && w->now < k->refused_at + VIEW_SCOUT_FIRST_MS)
        world_break(w, "scout: one was refused at %" PRId64 " ms", k->refused_at);
}

/* ---- how it has ended ---- */

/* Is the batch set aside for this very cause? */
static bool is_known_trouble(const struct world *w, const struct pile_batch *batch, const struct cause *cause)
{
    const struct cause *known = &w->pile.groups[batch->group].cause;
    return batch->is_refused && known->status == cause->status && strcmp(known->code, cause->code) == 0;
}

/*
 * A failure counts for its cause's scope; but for the batch alone if the batch had failed in it before, the last time,
 * and another one was taken in it since; or if it is set aside for this cause already.
 */
void promises_check_scope(struct world *w, const struct world_try *a_try, enum scope scope)
{
    enum scope named = a_try->answer.cause.scope;
    if (a_try->step.action != SCHEDULER_SHIP || named == SCOPE_BATCH) {
        if (scope != named) world_break(w, "scope: %d was named, and it counts for %d", named, scope);
        return;
    }
    const struct pile_batch *batch = pile_batch(&w->pile, a_try->step.batch_id);
    int64_t taken_at = w->taken_at[world_scope((int)named, batch->kind)];
    int64_t taken_began = w->taken_began[world_scope((int)named, batch->kind)];
    bool had_failed = batch->failed_at[named] >= 0;
    bool is_known = is_known_trouble(w, batch, &a_try->answer.cause);
    if (scope != named && scope != SCOPE_BATCH) world_break(w, "scope: %d became %d", named, scope);
    if (scope == named && is_known)
        world_break(w, "scope: the known trouble of batch %" PRId64 " holds up others", batch->id);
    if (scope != named && !is_known && (!had_failed || taken_began < batch->failed_at[named]))
        world_break(w, "scope: batch %" PRId64 " is blamed, and none was taken since it failed", batch->id);
    bool was_last = had_failed && batch->failed_at[named] == batch->ended_at;
    if (scope == named && was_last && taken_began >= batch->ended_at && taken_at <= a_try->began)
        world_break(w, "scope: batch %" PRId64 " fails again, and another one was taken", batch->id);
}

void promises_check_end(struct world *w)
{
    for (int64_t i = 0; i < w->pile.count && w->now >= w->deadline; i++) {
        const struct pile_batch *batch = &w->pile.batches[i];
        bool is_hopeless = weather_is_hopeless(&w->weather, batch->kind, batch->first_id, batch->last_id);
        if (batch->is_open && world_may_ship(w, batch) && !is_hopeless)
            world_break(w, "end: batch %" PRId64 " is not shipped", batch->id);
    }
    if (w->now >= w->deadline) world_break(w, "end: not all is sealed, or an errand waits");
    if (!pile_is_tiled(&w->pile)) world_break(w, "end: current batches do not tile the ids");
}
