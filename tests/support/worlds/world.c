/* world -- see world.h. */
#include "tests/support/worlds/world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/worlds/draw.h"
#include "tests/support/worlds/history.h"
#include "tests/support/worlds/promises.h"

#define STEPS_AT_ONCE_MAX 400

/* ---- what is said of a broken promise ---- */

void world_note(struct world *w, const char *format, ...)
{
    char *line = w->trace[w->traced++ % WORLD_TRACE];
    int len = snprintf(line, WORLD_TRACE_SIZE, "%12.3f s  ", (double)w->now / 1000);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line + len, WORLD_TRACE_SIZE - (size_t)len, format, arguments);
    va_end(arguments);
}

void world_break(struct world *w, const char *format, ...)
{
    char text[WORLD_TRACE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (w->is_broken) return;
    w->is_broken = true;
    (void)fprintf(stderr, "TEST_SEED=%" PRIu64 " SCHEDULER_WORLDS=1: at %.3f s: %s\n", w->seed,
                  (double)w->now / 1000, text);
    (void)fprintf(stderr,
                  "  workers=%d ahead=%d proves=%d latency=%" PRId64 " ms, good from %.3f s, poll %" PRId64
                  "\n",
                  w->options.workers, w->options.ahead, w->options.proves, w->weather.latency_ms,
                  (double)w->weather.good_from / 1000, w->poll_ms);
    int64_t from = w->traced > WORLD_TRACE ? w->traced - WORLD_TRACE : 0;
    for (int64_t i = from; i < w->traced; i++) (void)fprintf(stderr, "  %s\n", w->trace[i % WORLD_TRACE]);
}

/* ---- small questions ---- */

int world_scope_count(enum scheduler_action action)
{
    return action == SCHEDULER_ERRAND ? SCOPE_KIND : SCOPE_KIND + 1;
}

int world_scope(int nth, enum batch_kind kind)
{
    return nth == SCOPE_KIND ? SCOPE_KIND + (int)kind : nth;
}

bool world_may_ship(const struct world *w, const struct pile_batch *batch)
{
    return w->options.is_on[batch->kind] || batch->may_be_stored;
}

/* ---- the loop ---- */

static void add_to_scheduler(struct world *w, const struct pile_batch *batch)
{
    struct scheduler_batch added = {.id = batch->id,
                                    .kind = batch->kind,
                                    .first_id = batch->first_id,
                                    .may_be_stored = batch->may_be_stored,
                                    .is_refused = batch->is_refused};
    if (batch->is_refused) added.cause = w->pile.groups[batch->group].cause;
    scheduler_add(w->scheduler, &added, w->now);
}

static void start(struct world *w)
{
    w->scheduler = scheduler_new(&w->options, w->now);
    history_restart(w);
    for (int64_t i = 1; i <= w->pile.count; i++)
        if (pile_batch(&w->pile, i)->is_open) add_to_scheduler(w, pile_batch(&w->pile, i));
    scheduler_set_errands(w->scheduler, w->errands);
}

static void cut_some(struct world *w, bool is_all)
{
    int64_t count = w->pile.count;
    for (int64_t i = 1; i <= count; i++) {
        struct pile_batch *batch = pile_batch(&w->pile, i);
        bool is_long = batch->last_id - batch->first_id + 1 > w->pile.most_rows;
        if (!batch->is_open || batch->is_running || batch->may_be_stored || !is_long) continue;
        if (!is_all && chance_below(&w->chance, 2) == 0) continue;
        world_note(w, "batch %" PRId64 " is cut again", i);
        if (w->scheduler) scheduler_remove(w->scheduler, i, w->now);
        for (struct pile_batch *part = pile_cut(&w->pile, batch); w->scheduler && part;
             part = pile_batch(&w->pile, part->id + 1))
            add_to_scheduler(w, part);
        batch = pile_batch(&w->pile, i);
        if (batch->is_refused) history_close_group(w, batch->group);
    }
}

/* What ran is lost: it may have been stored. Settings may have changed. */
static void restart(struct world *w)
{
    for (int i = 0; i < w->running; i++) {
        if (w->tries[i].step.action != SCHEDULER_SHIP) continue;
        struct pile_batch *batch = pile_batch(&w->pile, w->tries[i].step.batch_id);
        pile_end(&w->pile, batch);
        batch->may_be_stored = true;
    }
    for (int64_t i = 1; i <= w->pile.count; i++) {
        struct pile_batch *batch = pile_batch(&w->pile, i);
        batch->failed_at[SCOPE_ENDPOINT] = batch->failed_at[SCOPE_IDENTITY] = batch->failed_at[SCOPE_KIND] =
            -1;
        batch->failures = 0;
        batch->ended_at = -1;
        batch->was_denied = false;
    }
    w->pile.denied[0] = w->pile.denied[1] = 0;
    w->running = 0;
    w->errands = 0;
    w->asked_until = 0;
    scheduler_free(w->scheduler);
    w->scheduler = NULL;
    draw_settings(w);
    world_note(w, "restart: workers=%d ahead=%d most_rows=%" PRId64 " on=%d%d", w->options.workers,
               w->options.ahead, w->pile.most_rows, w->options.is_on[0], w->options.is_on[1]);
    cut_some(w, true);
    start(w);
}

static void add_copies(struct world *w)
{
    enum batch_kind kind = chance_below(&w->chance, 2) ? BATCH_EVENTS : BATCH_REJECTS;
    int64_t last = w->pile.sealed[kind];
    for (size_t i = chance_below(&w->chance, 12) + 1; i > 0 && last > 0; i--) {
        int64_t first = 1 + (int64_t)chance_below(&w->chance, (size_t)last);
        struct pile_batch *copy = pile_add(&w->pile, kind, first, first, NULL);
        copy->is_copy = true;
        world_note(w, "copy %" PRId64 " of rows %" PRId64 " kind=%d", copy->id, first, kind);
        add_to_scheduler(w, copy);
    }
}

static void remove_one(struct world *w)
{
    for (int64_t tries = 20; tries > 0 && w->pile.count > 0; tries--) {
        int64_t id = 1 + (int64_t)chance_below(&w->chance, (size_t)w->pile.count);
        struct pile_batch *batch = pile_batch(&w->pile, id);
        if (!batch->is_open || batch->is_running) continue;
        world_note(w, "batch %" PRId64 " is resolved", id);
        scheduler_remove(w->scheduler, id, w->now);
        pile_settle(&w->pile, batch);
        if (batch->is_refused) history_close_group(w, batch->group);
        return;
    }
}

static void happen(struct world *w, enum world_event_kind kind)
{
    switch (kind) {
    case EVENT_HURRY:
        world_note(w, "hurry");
        scheduler_hurry(w->scheduler, w->now);
        history_hurry(w);
        break;
    case EVENT_ERRANDS:
        w->errands += (int)chance_below(&w->chance, 4) + 1;
        world_note(w, "%d errands", w->errands);
        scheduler_set_errands(w->scheduler, w->errands);
        break;
    case EVENT_REMOVE: remove_one(w); break;
    case EVENT_COPIES: add_copies(w); break;
    case EVENT_CUT: cut_some(w, false); break;
    default: restart(w); break;
    }
}

static void seal(struct world *w, enum batch_kind kind)
{
    struct world_kind *k = &w->kinds[kind];
    int64_t due_at = pile_due_at(&w->pile, kind);
    if (due_at > w->now) {
        int64_t later = w->poll_ms > 0 ? w->now + w->poll_ms : INT64_MAX;
        if (w->now < k->not_due) world_break(w, "kind %d is asked for rows before they may be due", kind);
        k->not_due = due_at < later ? due_at : later;
        scheduler_not_due(w->scheduler, kind, k->not_due);
        return;
    }
    promises_check_seal(w, kind);
    struct pile_batch *batch = pile_seal(&w->pile, kind, w->now);
    world_note(w, "seal %" PRId64 " kind=%d rows %" PRId64 "-%" PRId64, batch->id, kind, batch->first_id,
               batch->last_id);
    k->scout = k->refused_at >= 0 ? batch->id : 0;
    add_to_scheduler(w, batch);
}

static void begin(struct world *w, const struct scheduler_step *step)
{
    static const char *const names[] = {"wait", "seal", "ship", "errand", "prove"};
    promises_check_begin(w, step);
    if (w->is_broken) return;
    struct world_try *a_try = &w->tries[w->running];
    *a_try = (struct world_try){.step = *step, .began = w->now};
    struct weather_request request = {.action = step->action, .kind = step->kind};
    if (step->action == SCHEDULER_SHIP) {
        struct pile_batch *batch = pile_batch(&w->pile, step->batch_id);
        request.first_id = batch->first_id;
        request.last_id = batch->last_id;
        request.may_be_stored = batch->may_be_stored;
        request.is_look = !w->options.is_on[batch->kind];
    }
    struct weather_reply reply = weather_answer(&w->weather, &request, w->now);
    a_try->answer = reply.answer;
    a_try->ends = w->now + reply.takes_ms;
    a_try->number = scheduler_begin(w->scheduler, step, w->now);
    if (a_try->number <= 0) world_break(w, "a try has the number %" PRId64, a_try->number);
    history_begin(w, a_try);
    if (step->action == SCHEDULER_SHIP) {
        struct pile_batch *batch = pile_batch(&w->pile, step->batch_id);
        pile_begin(&w->pile, batch, w->now);
        if (batch->is_refused) history_close_group(w, batch->group); /* the last one of them may have begun */
    }
    if (step->action == SCHEDULER_ERRAND) scheduler_set_errands(w->scheduler, --w->errands);
    w->running++;
    world_note(w, "%s %" PRId64 " kind=%d begins as %" PRId64, names[step->action], step->batch_id,
               step->kind, a_try->number);
}

static void end(struct world *w, int index)
{
    static const char *const names[] = {"taken", "found", "failed", "unfit", "left"};
    struct world_try a_try = w->tries[index];
    const struct scheduler_answer *answer = &a_try.answer;
    w->tries[index] = w->tries[--w->running];
    enum scope foreseen = scheduler_scope_of(w->scheduler, a_try.number, answer);
    enum scope scope = scheduler_end(w->scheduler, a_try.number, answer, w->now);
    if (foreseen != scope) world_break(w, "scope: %d was foreseen, and it counts for %d", foreseen, scope);
    world_note(w, "try %" PRId64 " of %" PRId64 " %s%s", a_try.number, a_try.step.batch_id,
               names[answer->outcome], answer->is_settled ? ", settled" : "");
    if (answer->outcome == SCHEDULER_FAILED || answer->outcome == SCHEDULER_UNFIT) {
        world_note(w, "  %d %s asked=%" PRId64 " scope %d counts as %d", answer->cause.status,
                   answer->cause.code, answer->asked_ms, answer->cause.scope, scope);
        promises_check_scope(w, &a_try, scope);
    }
    history_end(w, &a_try, scope);
}

static void do_what_is_due(struct world *w)
{
    for (int i = 0; i < w->running;) {
        if (w->tries[i].ends > w->now)
            i++;
        else
            end(w, i);
    }
    for (; w->next_event < w->event_count && w->events[w->next_event].at <= w->now; w->next_event++)
        happen(w, w->events[w->next_event].kind);
}

/* Does all that may be done now. `step`: the last one, to wait. */
static void do_all(struct world *w, struct scheduler_step *step)
{
    for (int i = 0; !w->is_broken; i++) {
        struct scheduler_step again;
        scheduler_next(w->scheduler, w->now, step);
        scheduler_next(w->scheduler, w->now, &again);
        w->steps++;
        if (again.action != step->action || again.kind != step->kind || again.batch_id != step->batch_id)
            world_break(w, "scheduler_next() has said two things at once");
        if (i > STEPS_AT_ONCE_MAX) world_break(w, "there is no end of steps at one time");
        if (step->action == SCHEDULER_WAIT) return;
        if (step->action == SCHEDULER_SEAL)
            seal(w, step->kind);
        else
            begin(w, step);
    }
}

static int64_t next_wake(const struct world *w, const struct scheduler_step *step)
{
    int64_t wake = step->due;
    for (int i = 0; i < w->running; i++)
        if (w->tries[i].ends < wake) wake = w->tries[i].ends;
    if (w->next_event < w->event_count && w->events[w->next_event].at < wake)
        wake = w->events[w->next_event].at;
    if (w->deadline < wake) wake = w->deadline;
    if (w->now < w->quiet_until && w->quiet_until < wake) wake = w->quiet_until;
    return w->poll_ms > 0 && w->now + w->poll_ms < wake ? w->now + w->poll_ms : wake;
}

static bool is_over(const struct world *w)
{
    bool has_rows = false;
    bool has_errands = w->errands > 0;
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++) {
        has_rows |= w->options.is_on[kind] && pile_due_at(&w->pile, (enum batch_kind)kind) < INT64_MAX;
    }
    if (has_rows || has_errands || w->now < w->weather.good_from || w->next_event < w->event_count)
        return false;
    return w->running == 0 && draw_is_settled(w);
}

bool world_run(uint64_t seed, int64_t refused_batches)
{
    struct world w;
    draw_world(&w, seed, refused_batches);
    start(&w);
    while (!w.is_broken && w.now < w.deadline) {
        struct scheduler_step step = {0};
        do_what_is_due(&w);
        do_all(&w, &step);
        if (w.is_broken || is_over(&w)) break;
        int64_t wake = next_wake(&w, &step);
        promises_check_wait(&w, &step, wake);
        w.now = wake;
    }
    if (!w.is_broken) promises_check_end(&w);
    scheduler_free(w.scheduler);
    pile_fini(&w.pile);
    return !w.is_broken;
}
