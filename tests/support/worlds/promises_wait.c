/*
 * promises_wait -- see promises.h: what must hold while nothing begins. Work of a class (a kind's batches, one of its
 * groups, what is to be sealed, a proof, an errand) may wait for a reason that ends by itself; once all reasons have
 * ended, and a worker is idle, it begins within a second.
 */
#include <inttypes.h>
#include <string.h>

#include "tests/support/worlds/history.h"
#include "tests/support/worlds/promises.h"

#define IDLE_MS 1000

enum { CLASS_BATCHES, CLASS_SEAL, CLASS_PROVE, CLASS_OTHER, CLASSES_OF_KIND };

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- until when there may be a reason ---- */

/* A worker must be free; a spare one is when all others are held. */
static int64_t workers_ceiling(const struct world *w)
{
    if (w->running < w->options.workers) return 0;
    if (w->running > w->options.workers) return INT64_MAX;
    int64_t ceiling = 0;
    for (int i = 0; i < w->running; i++) ceiling = later(ceiling, w->tries[i].began + VIEW_REST_MS);
    return ceiling;
}

/* The rests of the scopes, and the probes that hold their place. */
static int64_t scopes_ceiling(const struct world *w, enum scheduler_action action, enum batch_kind kind)
{
    int64_t ceiling = workers_ceiling(w);
    for (int n = 0; n < world_scope_count(action); n++) {
        int scope = world_scope(n, kind);
        const struct view *view = &w->scopes[scope];
        ceiling = later(ceiling, view_ceiling(view));
        for (int i = 0; i < w->running && !view->is_well; i++)
            if (w->tries[i].is_probe[scope]) ceiling = later(ceiling, w->tries[i].began + VIEW_REST_MS);
    }
    return ceiling;
}

static int64_t group_ceiling(const struct world *w, int group)
{
    const struct view *view = &w->groups[group].view;
    int64_t ceiling =
        later(view_ceiling(view), scopes_ceiling(w, SCHEDULER_SHIP, w->pile.groups[group].kind));
    for (int i = 0; i < w->running && !view->is_well; i++)
        if (w->tries[i].group == group) ceiling = later(ceiling, w->tries[i].began + VIEW_REST_MS);
    return ceiling;
}

static int64_t seal_ceiling(const struct world *w, enum batch_kind kind)
{
    const struct world_kind *k = &w->kinds[kind];
    int64_t ceiling = scopes_ceiling(w, SCHEDULER_SHIP, kind);
    if (k->last_refused >= 0 && k->last_refused > w->hurried_at)
        ceiling = later(later(ceiling, k->last_refused + VIEW_REST_MS), w->asked_until);
    return ceiling;
}

/* ---- what there is to do ---- */

static bool has_batches(struct world *w, enum batch_kind kind)
{
    for (int64_t i = 0; i < w->pile.fresh_count; i++) {
        const struct pile_batch *batch = pile_batch(&w->pile, w->pile.fresh_ids[i]);
        if (batch->kind == kind && !batch->is_running && world_may_ship(w, batch)) return true;
    }
    return false;
}

static bool is_due(const struct world *w, enum batch_kind kind)
{
    return w->options.is_on[kind] && pile_due_at(&w->pile, kind) <= w->now;
}

/* Batches that were never refused, but for those that have run for longer than a probe may. */
static int64_t count_left(const struct world *w, enum batch_kind kind)
{
    int64_t left = w->pile.fresh[kind] - w->pile.denied[kind];
    for (int i = 0; i < w->running; i++) {
        const struct scheduler_step *step = &w->tries[i].step;
        if (step->action != SCHEDULER_SHIP || step->kind != kind || history_holds_place(w, &w->tries[i]))
            continue;
        const struct pile_batch *batch = pile_batch(&w->pile, step->batch_id);
        left -= !batch->is_refused && !batch->was_denied;
    }
    return left;
}

/* A batch must be sealed if none is left; or fewer than `ahead` are, all on their way, and none was ever refused. */
static bool has_seal(struct world *w, enum batch_kind kind)
{
    if (!is_due(w, kind)) return false;
    int64_t fresh = w->pile.fresh[kind] - w->pile.denied[kind];
    int64_t left = count_left(w, kind);
    bool is_clean = w->pile.open[kind] == fresh && w->kinds[kind].last_refused < 0 &&
                    w->scopes[SCOPE_KIND + (int)kind].is_well;
    if (left >= w->options.ahead) return false;
    return left == 0 || (is_clean && !has_batches(w, kind));
}

/* Nothing else is there to show whether the kind works, which is not known, or was an hour ago. */
static bool has_prove(const struct world *w, enum batch_kind kind)
{
    const struct world_kind *k = &w->kinds[kind];
    if (!w->options.proves || !w->options.is_on[kind] || w->pile.open[kind] > 0 || is_due(w, kind))
        return false;
    for (int i = 0; i < w->running; i++)
        if (w->tries[i].step.action == SCHEDULER_PROVE && w->tries[i].step.kind == kind) return false;
    return k->good_at < 0 || w->now >= k->traffic_at + SCHEDULER_PROVE_MS;
}

/* ---- promises ---- */

/* Work of a class is there, and a reason until `ceiling`: rule 1 and the bounds of rule 2. */
static void check_class(struct world *w, int class, bool is_there, int64_t ceiling, int64_t wake)
{
    if (!is_there || ceiling == INT64_MAX) {
        w->idle_since[class] = -1;
        return;
    }
    if (w->idle_since[class] < 0) w->idle_since[class] = w->now;
    int64_t since = later(w->idle_since[class], ceiling);
    if (wake - since > IDLE_MS)
        world_break(w,
                    "idle: work of class %d may begin since %" PRId64 " ms, and nothing will before %" PRId64,
                    class, since, wake);
}

/* While the endpoint is not known to work, something can always be the probe: a proof, if there is nothing else. */
static void check_probe(struct world *w, int64_t wake)
{
    int64_t first = INT64_MAX;
    for (int i = 0; i < BATCH_KIND_COUNT; i++) {
        int64_t ceiling = scopes_ceiling(w, SCHEDULER_PROVE, (enum batch_kind)i);
        for (int n = 0; n < w->running; n++) /* what runs may show it soon */
            if (w->tries[n].step.action != SCHEDULER_ERRAND && (int)w->tries[n].step.kind == i)
                ceiling = later(ceiling, w->tries[n].began + VIEW_REST_MS);
        if (w->options.is_on[i] && w->options.proves && ceiling < first) first = ceiling;
    }
    const struct view *endpoint = &w->scopes[SCOPE_ENDPOINT];
    check_class(w, CLASSES_OF_KIND + CLASS_OTHER, endpoint->is_failing || endpoint->well_at < 0, first, wake);
}

static void check_idle(struct world *w, int64_t wake)
{
    for (int i = 0; i < BATCH_KIND_COUNT; i++) {
        enum batch_kind kind = (enum batch_kind)i;
        int64_t ceiling = scopes_ceiling(w, SCHEDULER_SHIP, kind);
        int class = i * CLASSES_OF_KIND;
        check_class(w, class + CLASS_BATCHES, has_batches(w, kind), ceiling, wake);
        check_class(w, class + CLASS_SEAL, has_seal(w, kind), seal_ceiling(w, kind), wake);
        check_class(w, class + CLASS_PROVE, has_prove(w, kind), ceiling, wake);
    }
    check_class(w, CLASS_OTHER, w->errands > 0, scopes_ceiling(w, SCHEDULER_ERRAND, BATCH_EVENTS), wake);
    check_probe(w, wake);
    for (int g = 0; g < w->pile.group_count; g++) {
        const struct pile_group *group = &w->pile.groups[g];
        bool is_there = group->open > group->running && w->options.is_on[group->kind] &&
                        (!w->groups[g].view.is_well || history_has_untried(w, g));
        check_class(w, BATCH_KIND_COUNT * CLASSES_OF_KIND + g, is_there, group_ceiling(w, g), wake);
    }
}

/*
 * The consequence: once the store takes everything, after 60 s of rest, what was asked for, 60 s of a probe that began
 * before, and the answers of the first probes, no worker is idle while there is work; whatever was before.
 */
static void check_consequence(struct world *w, int64_t wake)
{
    const struct weather *weather = &w->weather;
    if (weather->poison_id > 0 || weather->denied_id > 0 || weather->latency_ms > VIEW_REST_MS) return;
    int64_t from = later(weather->good_from, w->started);
    if (w->late_failure > from + VIEW_REST_MS) from = w->late_failure; /* of a try that began long before */
    int64_t asked = later(0, w->asked_until - from);
    from +=
        (asked < VIEW_ASKED_MAX_MS ? asked : VIEW_ASKED_MAX_MS) + 2 * VIEW_REST_MS + 3 * weather->latency_ms;
    if (w->now <= from || w->running >= w->options.workers) return;
    for (int i = 0; i < BATCH_KIND_COUNT; i++) {
        enum batch_kind kind = (enum batch_kind)i;
        bool is_open = w->options.is_on[i] && w->pile.open[i] > 0;
        int64_t running = 0;
        for (int n = 0; n < w->running; n++)
            running += w->tries[n].step.action == SCHEDULER_SHIP && w->tries[n].step.kind == kind;
        bool is_known = w->scopes[SCOPE_KIND + i].is_well;
        int class = i * CLASSES_OF_KIND + CLASS_BATCHES;
        int64_t since = w->idle_since[class] > from ? w->idle_since[class] : from;
        if (is_open && is_known && w->pile.open[i] > running && wake - since > IDLE_MS &&
            wake - w->now > IDLE_MS)
            world_break(w, "consequence: all is well since %" PRId64 " ms, and kind %d waits", from, i);
    }
}

/* What people are shown: since when nothing works, and when the next try is. */
static void check_shown(struct world *w)
{
    for (int i = 0; i < WORLD_SCOPES; i++) {
        const struct view *view = &w->scopes[i];
        enum scope scope = i < SCOPE_KIND ? (enum scope)i : SCOPE_KIND;
        enum batch_kind kind = i < SCOPE_KIND ? BATCH_EVENTS : (enum batch_kind)(i - SCOPE_KIND);
        int64_t since = scheduler_failing_since(w->scheduler, scope, kind);
        if (view->is_well && since >= 0)
            world_break(w, "shown: scope %d works, and fails since %" PRId64, i, since);
        if (view->is_failing && (since < 0 || since > view->counted_at))
            world_break(w, "shown: scope %d fails, since %" PRId64, i, since);
    }
    for (int i = 0; i < BATCH_KIND_COUNT; i++) {
        enum batch_kind kind = (enum batch_kind)i;
        int64_t refused = w->pile.open[i] - w->pile.fresh[i];
        if (scheduler_refused_count(w->scheduler, kind) != refused)
            world_break(w, "shown: %" PRId64 " batches of kind %d are refused", refused, i);
        if ((scheduler_failing_since(w->scheduler, SCOPE_BATCH, kind) >= 0) != (refused > 0))
            world_break(w, "shown: batches of kind %d are set aside or not", i);
        if (w->kinds[i].good_at >= 0 && !scheduler_is_proven(w->scheduler, kind))
            world_break(w, "shown: kind %d has been answered well", i);
    }
    if (scheduler_running_count(w->scheduler) != w->running)
        world_break(w, "shown: %d tries run", w->running);
    for (int i = 0; i < w->running; i++)
        if (w->tries[i].step.action == SCHEDULER_SHIP &&
            !scheduler_is_running(w->scheduler, w->tries[i].step.batch_id))
            world_break(w, "shown: batch %" PRId64 " is on its way", w->tries[i].step.batch_id);
}

/* WAIT is honest: before `due` there is nothing to do, and `due` is not past. */
static void check_due(struct world *w, const struct scheduler_step *step, int64_t wake)
{
    struct scheduler_step early = {0};
    if (step->due <= w->now) world_break(w, "due: %" PRId64 " ms is past", step->due);
    if (wake - w->now < 2) return;
    int64_t at = w->now + (int64_t)chance_below(&w->chance, (size_t)(wake - w->now));
    scheduler_next(w->scheduler, at, &early);
    if (early.action != SCHEDULER_WAIT)
        world_break(w, "due: there is work at %" PRId64 " ms, before %" PRId64, at, step->due);
}

void promises_check_wait(struct world *w, const struct scheduler_step *step, int64_t wake)
{
    check_due(w, step, wake);
    check_shown(w);
    check_idle(w, wake);
    check_consequence(w, wake);
}
