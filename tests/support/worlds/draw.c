/* draw -- see draw.h. */
#include "tests/support/worlds/draw.h"

#include <stdlib.h>
#include <string.h>

#define SECOND 1000
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

static int64_t between(struct chance *chance, int64_t least, int64_t most)
{
    return least + (int64_t)chance_below(chance, (size_t)(most - least + 1));
}

void draw_settings(struct world *w)
{
    struct chance *chance = &w->chance;
    struct scheduler_options *options = &w->options;
    bool is_wide = chance_below(chance, 20) == 0;
    options->workers = (int)between(chance, 1, is_wide ? SCHEDULER_WORKERS_MAX : 4);
    options->ahead = options->workers > 2 ? options->workers : 2;
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++) options->is_on[kind] = chance_below(chance, 8) != 0;
    bool is_proving = chance_below(chance, 4) != 0;
    options->proves =
        is_proving || w->weather.poison_id > 0; /* where no batch is answered, only a proof is */
    options->seed = (uint32_t)chance_below(chance, UINT32_MAX);
    w->pile.most_rows = between(chance, 1, 6);
    w->pile.wait_ms = between(chance, 1, 4) * (chance_below(chance, 2) ? 5 * SECOND : 10 * MINUTE);
}

static int by_time(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a;
    int64_t second = *(const int64_t *)b;
    return (first > second) - (first < second);
}

static void draw_arrivals(struct world *w, enum batch_kind kind, int64_t until)
{
    struct chance *chance = &w->chance;
    int64_t at[PILE_ARRIVALS];
    size_t count = chance_below(chance, chance_below(chance, 4) == 0 ? PILE_ARRIVALS : 8);
    bool is_backlog = chance_below(chance, 4) == 0;
    for (size_t i = 0; i < count; i++) at[i] = is_backlog ? 0 : between(chance, 0, until);
    qsort(at, count, sizeof *at, by_time);
    for (size_t i = 0; i < count; i++)
        w->pile.arrivals[kind][i] = (struct pile_arrival){at[i], between(chance, 1, 6)};
    w->pile.arrival_count[kind] = (int)count;
}

static void draw_events(struct world *w)
{
    int64_t at[WORLD_EVENTS];
    w->event_count = (int)chance_below(&w->chance, chance_below(&w->chance, 2) ? WORLD_EVENTS : 3);
    for (int i = 0; i < w->event_count; i++) at[i] = between(&w->chance, 0, w->weather.good_from);
    qsort(at, (size_t)w->event_count, sizeof *at, by_time);
    for (int i = 0; i < w->event_count; i++)
        w->events[i] =
            (struct world_event){at[i], (enum world_event_kind)chance_below(&w->chance, EVENT_KIND_COUNT)};
}

/* Batches that an earlier run has left open, some of them refused. */
static void draw_open(struct world *w)
{
    static const struct cause causes[] = {
        {SCOPE_BATCH, 413, ""}, {SCOPE_BATCH, 400, "EntityTooLarge"}, {SCOPE_KIND, 403, "AccessDenied"}};
    if (chance_below(&w->chance, 3) != 0) return;
    for (size_t i = chance_below(&w->chance, 20); i > 0; i--) {
        enum batch_kind kind = chance_below(&w->chance, 2) ? BATCH_EVENTS : BATCH_REJECTS;
        const struct cause *cause = chance_below(&w->chance, 2) ? NULL : &causes[chance_below(&w->chance, 3)];
        int64_t first = w->pile.sealed[kind] + 1;
        w->pile.sealed[kind] += between(&w->chance, 1, 6);
        struct pile_batch *batch = pile_add(&w->pile, kind, first, w->pile.sealed[kind], cause);
        batch->may_be_stored = chance_below(&w->chance, 3) == 0;
    }
}

/* What was sealed before has arrived before. */
static void add_sealed_rows(struct world *w)
{
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++) {
        struct pile *pile = &w->pile;
        if (pile->sealed[kind] == 0) continue;
        if (pile->arrival_count[kind] == PILE_ARRIVALS) pile->arrival_count[kind]--;
        memmove(pile->arrivals[kind] + 1, pile->arrivals[kind],
                (size_t)pile->arrival_count[kind]++ * sizeof pile->arrivals[kind][0]);
        pile->arrivals[kind][0] = (struct pile_arrival){0, pile->sealed[kind]};
    }
}

/*
 * A stretch of events that are refused for as long as the weather is bad: all of them sealed and refused already, or to
 * be found out one scout after the other.
 */
static void draw_stretch(struct world *w, int64_t count)
{
    static const struct cause cause = {SCOPE_BATCH, 400, "KeyTooLongError"};
    struct weather *weather = &w->weather;
    weather->count[LAYER_BATCH] = 1;
    weather->phases[LAYER_BATCH][0] = (struct weather_phase){0, MODE_RANGE_REFUSED, 0};
    weather->range_first = 1;
    weather->range_last = count;
    weather->poison_id = weather->denied_id = 0;
    w->options.is_on[BATCH_EVENTS] = true;
    w->pile.most_rows = 1;
    w->event_count = 0;
    w->poll_ms = 0;
    if (chance_below(&w->chance, 2) == 0) {
        weather->good_from = count * 2 * MINUTE;
        w->pile.arrivals[BATCH_EVENTS][0] = (struct pile_arrival){0, count + 3};
        if (w->pile.arrival_count[BATCH_EVENTS] == 0) w->pile.arrival_count[BATCH_EVENTS] = 1;
        return;
    }
    for (int64_t i = 1; i <= count; i++) (void)pile_add(&w->pile, BATCH_EVENTS, i, i, &cause);
    w->pile.sealed[BATCH_EVENTS] = count;
}

void draw_world(struct world *w, uint64_t seed, int64_t refused_batches)
{
    static const int64_t lengths[] = {2 * MINUTE, 10 * MINUTE, 30 * MINUTE, 30 * MINUTE, 2 * HOUR, 8 * HOUR};
    static const int64_t polls[] = {0, 0, 30 * SECOND, 500};
    *w = (struct world){
        .seed = seed, .chance = {(seed + 1) * UINT64_C(0x9E3779B97F4A7C15) | 1}, .late_failure = -1};
    struct chance *chance = &w->chance;
    for (int i = 0; i < 8; i++) (void)chance_below(chance, 2);
    size_t length = chance_below(chance, sizeof lengths / sizeof *lengths);
    weather_draw(&w->weather, chance, 0, between(chance, 0, lengths[length]));
    draw_settings(w);
    w->poll_ms = polls[chance_below(chance, length < 2 ? 4 : 3)];
    draw_events(w);
    if (refused_batches == 0) draw_open(w);
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++)
        draw_arrivals(w, (enum batch_kind)kind, w->weather.good_from + 5 * MINUTE);
    if (refused_batches > 0) draw_stretch(w, refused_batches);
    add_sealed_rows(w);
    w->quiet_until = w->weather.good_from + (w->poll_ms == 0 && chance_below(chance, 4) == 0 ? 3 * HOUR : 0);
    w->deadline = w->weather.good_from + 24 * HOUR + (refused_batches + 200) * 5 * MINUTE;
}

bool draw_is_settled(const struct world *w)
{
    if (w->now < w->quiet_until) return false;
    int64_t left = 0;
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++)
        left += w->options.is_on[kind] ? w->pile.open[kind] : 0;
    if (left > 1000) return false;
    for (int64_t i = 0; i < w->pile.count; i++) {
        const struct pile_batch *batch = &w->pile.batches[i];
        if (batch->is_open && world_may_ship(w, batch) &&
            !weather_is_hopeless(&w->weather, batch->kind, batch->first_id, batch->last_id))
            return false;
    }
    return true;
}
