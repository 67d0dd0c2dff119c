/* history -- see history.h. */
#include "tests/support/worlds/history.h"

#include <string.h>

static struct view *first_view(struct view *view, int scope, int64_t now)
{
    *view = view_start(scope == SCOPE_ENDPOINT ? VIEW_AWAY_FIRST_MS : VIEW_REFUSED_FIRST_MS, now);
    return view;
}

void history_restart(struct world *w)
{
    for (int i = 0; i < WORLD_SCOPES; i++) (void)first_view(&w->scopes[i], i, w->now);
    for (int i = 0; i < PILE_GROUPS; i++) {
        w->groups[i] = (struct world_group){0};
        (void)first_view(&w->groups[i].view, SCOPE_BATCH, w->now);
    }
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++)
        w->kinds[kind] = (struct world_kind){
            .refused_at = -1, .last_refused = -1, .good_at = -1, .traffic_at = w->now, .starts = 4};
    for (int i = 0; i < WORLD_CLASSES; i++) w->idle_since[i] = -1;
    for (int i = 0; i < WORLD_SCOPES; i++) w->taken_at[i] = w->taken_began[i] = -1;
    w->started = w->now;
    w->hurried_at = -1;
}

bool history_holds_place(const struct world *w, const struct world_try *a_try)
{
    return w->now < a_try->began + VIEW_REST_MS;
}

void history_begin(struct world *w, struct world_try *a_try)
{
    const struct scheduler_step *step = &a_try->step;
    for (int i = 0; i < world_scope_count(step->action); i++) {
        int scope = world_scope(i, step->kind);
        a_try->is_probe[scope] = !w->scopes[scope].is_well;
    }
    a_try->group = -1;
    if (step->action != SCHEDULER_SHIP) return;
    const struct pile_batch *batch = pile_batch(&w->pile, step->batch_id);
    if (batch->is_refused && !w->groups[batch->group].view.is_well) a_try->group = batch->group;
    struct world_kind *kind = &w->kinds[step->kind];
    bool is_turn = batch->is_refused || batch->was_denied;
    kind->starts = is_turn ? 0 : kind->starts + 1;
    if (is_turn) kind->starved = 0;
}

/* As the scope's view sees it. Only what has begun since the trouble did holds the others up. */
static struct view_try seen_in_scope(const struct world *w, const struct world_try *a_try, int scope)
{
    struct view_try seen = {a_try->began, a_try->is_probe[scope], false};
    for (int i = 0; i < w->running; i++) {
        const struct world_try *other = &w->tries[i];
        if (other->number != a_try->number && other->is_probe[scope] && history_holds_place(w, other))
            seen.has_others = true;
    }
    return seen;
}

static struct view_try seen_in_group(const struct world *w, const struct world_try *a_try, int group)
{
    struct view_try seen = {a_try->began, a_try->group == group, false};
    for (int i = 0; i < w->running; i++) {
        const struct world_try *other = &w->tries[i];
        if (other->number != a_try->number && other->group == group && history_holds_place(w, other))
            seen.has_others = true;
    }
    return seen;
}

static void learn_of_scopes(struct world *w, const struct world_try *a_try, enum scope scope)
{
    const struct scheduler_answer *answer = &a_try->answer;
    bool has_failed = answer->outcome == SCHEDULER_FAILED;
    bool is_good[] = {answer->outcome == SCHEDULER_TAKEN || answer->outcome == SCHEDULER_FOUND ||
                          (has_failed && answer->is_from_store),
                      answer->outcome == SCHEDULER_TAKEN || answer->outcome == SCHEDULER_FOUND ||
                          (has_failed && answer->is_authentic),
                      answer->outcome == SCHEDULER_TAKEN};
    for (int i = 0; i < world_scope_count(a_try->step.action); i++) {
        int at = world_scope(i, a_try->step.kind);
        struct view_try seen = seen_in_scope(w, a_try, at);
        if (answer->outcome == SCHEDULER_TAKEN) w->taken_at[at] = w->now;
        if (answer->outcome == SCHEDULER_TAKEN && a_try->began > w->taken_began[at])
            w->taken_began[at] = a_try->began;
        if (has_failed && (int)scope == i)
            view_fail(&w->scopes[at], &seen, weather_is_silence(answer), answer->asked_ms, w->now);
        else if (is_good[i])
            view_succeed(&w->scopes[at], &seen, w->now);
    }
    if (answer->asked_ms == 0) return;
    int64_t asked = answer->asked_ms < VIEW_ASKED_MAX_MS ? answer->asked_ms : VIEW_ASKED_MAX_MS;
    if (w->now + asked > w->asked_until) w->asked_until = w->now + asked;
}

/*
 * A newcomer does not make the others rest longer, nor does it count against them; it may be the first of a new group.
 * While a group is open, refusals of its own are counted against what was taken.
 */
static void learn_of_refusal(struct world *w, const struct world_try *a_try, int group, bool was_member)
{
    struct world_group *g = &w->groups[group];
    struct view_try seen = seen_in_group(w, a_try, group);
    bool is_newcomer = !was_member && w->pile.groups[group].open > 1;
    if (is_newcomer && !g->view.is_well && !g->view.is_failing)
        g->view.failed_at = w->now; /* it may begin a rest */
    if (is_newcomer) return;
    if (!was_member) g->view = view_start(VIEW_REFUSED_FIRST_MS, a_try->began);
    if (g->view.is_well && ++g->refused <= g->taken) return;
    if (!g->view.is_well && !g->view.is_failing && g->view.doubt_at >= 0) { /* it may be open */
        g->view.failed_at = g->view.doubt_at = w->now;
        return;
    }
    view_fail(&g->view, &seen, false, 0, w->now); /* a wish is the endpoint's, and it has not failed */
}

bool history_has_untried(const struct world *w, int group)
{
    const struct pile_group *g = &w->pile.groups[group];
    if (g->open == 0) return false;
    for (int64_t i = 0; i < w->pile.count; i++) {
        const struct pile_batch *batch = &w->pile.batches[i];
        if (batch->is_open && batch->is_refused && batch->group == group && batch->opening != g->opening &&
            !batch->is_running)
            return true;
    }
    return false;
}

void history_close_group(struct world *w, int group)
{
    struct view *view = &w->groups[group].view;
    if (!view->is_well || history_has_untried(w, group)) return;
    view->is_well = false;
    view->failed_at = view->doubt_at = w->now;
}

static void learn_of_group(struct world *w, const struct world_try *a_try, int group)
{
    struct world_group *g = &w->groups[group];
    struct view_try seen = seen_in_group(w, a_try, group);
    bool was_open = g->view.is_well;
    g->taken++;
    if (was_open) return;
    bool is_sure = g->view.is_failing || g->view.doubt_at < 0;
    if (is_sure) view_succeed(&g->view, &seen, w->now);
    g->taken = 1;
    g->refused = 0;
    w->pile.groups[group].opening += g->view.is_well;
    if (!g->view.is_well) g->view.failed_at = w->now; /* it may have been open, and rest again */
}

/* Does a batch run that was never refused, and holds a scout's place? */
static bool has_probe(const struct world *w, enum batch_kind kind)
{
    for (int i = 0; i < w->running; i++) {
        const struct scheduler_step *step = &w->tries[i].step;
        if (step->action == SCHEDULER_SHIP && step->kind == kind && history_holds_place(w, &w->tries[i]) &&
            !pile_batch(&w->pile, step->batch_id)->is_refused)
            return true;
    }
    return false;
}

static void learn_of_kind(struct world *w, const struct world_try *a_try, bool is_refused)
{
    struct world_kind *kind = &w->kinds[a_try->step.kind];
    enum scheduler_outcome outcome = a_try->answer.outcome;
    if (outcome != SCHEDULER_LEFT && outcome != SCHEDULER_UNFIT) kind->traffic_at = w->now;
    if (outcome == SCHEDULER_TAKEN) kind->good_at = w->now;
    if (outcome == SCHEDULER_TAKEN) kind->refused_at = -1;
    if (!is_refused) return;
    bool is_news = a_try->began >= w->taken_at[SCOPE_KIND + (int)a_try->step.kind] &&
                   a_try->began >= kind->last_refused && !has_probe(w, a_try->step.kind);
    kind->last_refused = w->now;
    if (is_news && (kind->refused_at < 0 || kind->scout == a_try->step.batch_id)) kind->refused_at = w->now;
}

/* Failures of tries that began in bad weather and end in good. */
static void learn_of_weather(struct world *w, const struct world_try *a_try)
{
    if (w->now < w->weather.good_from) return;
    bool is_good = a_try->answer.outcome == SCHEDULER_TAKEN || a_try->answer.outcome == SCHEDULER_FOUND;
    if (!is_good) w->late_failure = w->now;
}

static void learn_of_batch(struct world *w, const struct world_try *a_try, enum scope scope)
{
    const struct scheduler_answer *answer = &a_try->answer;
    struct pile_batch *batch = pile_batch(&w->pile, a_try->step.batch_id);
    bool was_refused = batch->is_refused;
    bool is_scout = !batch->is_refused && !batch->was_denied;
    int was_group = batch->group;
    bool has_failed = answer->outcome == SCHEDULER_FAILED || answer->outcome == SCHEDULER_UNFIT;
    bool is_refused = has_failed && scope == SCOPE_BATCH;
    pile_end(&w->pile, batch);
    batch->may_be_stored = answer->may_be_stored && !answer->is_settled;
    batch->ended_at = w->now;
    batch->failures += has_failed && scope != SCOPE_BATCH;
    if (has_failed && scope != SCOPE_BATCH) batch->failed_at[scope] = w->now;
    if (has_failed && scope == SCOPE_KIND) pile_deny(&w->pile, batch);
    if (is_refused) {
        pile_refuse(&w->pile, batch, &answer->cause);
        if (was_refused) learn_of_refusal(w, a_try, was_group, true);
        if (!was_refused || was_group != batch->group) learn_of_refusal(w, a_try, batch->group, false);
        history_close_group(w, batch->group);
    } else if (was_refused && answer->outcome == SCHEDULER_TAKEN) {
        learn_of_group(w, a_try, was_group);
    }
    learn_of_kind(w, a_try, is_refused && is_scout);
    if (answer->is_settled) pile_settle(&w->pile, batch);
    if (was_refused) history_close_group(w, was_group);
}

void history_end(struct world *w, const struct world_try *a_try, enum scope scope)
{
    learn_of_scopes(w, a_try, scope);
    learn_of_weather(w, a_try);
    if (a_try->step.action == SCHEDULER_SHIP) learn_of_batch(w, a_try, scope);
    if (a_try->step.action == SCHEDULER_PROVE) learn_of_kind(w, a_try, false);
}

void history_hurry(struct world *w)
{
    for (int i = 0; i < WORLD_SCOPES; i++) view_hurry(&w->scopes[i]);
    for (int i = 0; i < PILE_GROUPS; i++) view_hurry(&w->groups[i].view);
    for (int i = 0; i < BATCH_KIND_COUNT; i++) w->kinds[i].not_due = w->now;
    for (int i = 0; i < WORLD_CLASSES; i++) w->idle_since[i] = -1;
    w->asked_until = 0;
    w->hurried_at = w->now;
}
