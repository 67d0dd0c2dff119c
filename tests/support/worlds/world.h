/*
 * world -- a made-up installation: a store with its weather, a spool, a person, restarts, and the scheduler, which is
 * driven as the uploader's loop drives it, in virtual time. Everything follows from the seed. promises.h says what must
 * hold at each step.
 */
#ifndef TESTS_SUPPORT_WORLDS_WORLD_H
#define TESTS_SUPPORT_WORLDS_WORLD_H

#include "tests/support/worlds/pile.h"
#include "tests/support/worlds/view.h"
#include "tests/support/worlds/weather.h"
#include "uploader/ship/scheduler.h"

#define WORLD_TRACE      80
#define WORLD_TRACE_SIZE 160
#define WORLD_SCOPES     (SCOPE_KIND + BATCH_KIND_COUNT)
#define WORLD_EVENTS     16
#define WORLD_CLASSES    (PILE_GROUPS + 4 * BATCH_KIND_COUNT)

struct world_try {
    int64_t number;
    struct scheduler_step step;
    int64_t began, ends;
    struct scheduler_answer answer;
    bool is_probe[WORLD_SCOPES]; /* it began while this scope was not known to work */
    int group;                   /* a batch of this group, which was resting; -1 */
};

enum world_event_kind {
    EVENT_HURRY,
    EVENT_ERRANDS,
    EVENT_REMOVE,
    EVENT_COPIES,
    EVENT_CUT,
    EVENT_RESTART,
    EVENT_KIND_COUNT
};

struct world_event {
    int64_t at;
    enum world_event_kind kind;
};

/* What is known of a group beside its rests: since it was opened, were more refused again than taken? */
struct world_group {
    struct view view;
    int taken, refused;
    bool is_resting;
};

/* What is known of a kind. */
struct world_kind {
    int64_t
        refused_at; /* when one that was never refused was, or the last scout, with nothing taken since; -1 */
    int64_t scout;  /* the batch that was sealed last after that; 0: none */
    int64_t last_refused; /* any batch was; -1: never */
    int64_t good_at;      /* an object, or a proof, was last taken; -1: never since the start */
    int64_t traffic_at;   /* the last answer, or the start */
    int starts;           /* of batches that were never refused, since the last start of another one */
    int starved;          /* of these, while a group might have been tried */
    int64_t not_due;      /* nothing is to be sealed before */
};

struct world {
    uint64_t seed;
    struct chance chance;
    struct weather weather;
    struct pile pile;
    struct scheduler *scheduler;
    struct scheduler_options options;
    int64_t now, poll_ms, started;
    int64_t quiet_until, deadline; /* the world ends between them */

    struct world_try tries[SCHEDULER_WORKERS_MAX + 2];
    int running;
    int errands; /* that wait for a worker */
    struct world_event events[WORLD_EVENTS];
    int event_count, next_event;

    struct view scopes[WORLD_SCOPES];
    struct world_group groups[PILE_GROUPS];
    struct world_kind kinds[BATCH_KIND_COUNT];
    int64_t idle_since[WORLD_CLASSES]; /* a worker is idle, and there is work of this class; -1 */
    int64_t late_failure;              /* the last one after the store is well, of a try from before; -1 */
    int64_t asked_until;               /* the latest of all scopes and groups */
    int64_t taken_at[WORLD_SCOPES];    /* when an object was last taken in it; -1: never since the start */
    int64_t taken_began[WORLD_SCOPES]; /* and when the latest such try began */
    int64_t hurried_at;                /* a person's last command; -1 */
    int64_t steps;

    char trace[WORLD_TRACE][WORLD_TRACE_SIZE];
    int64_t traced;
    bool is_broken; /* a promise was; all has been said */
};

/* Runs one world to its end. False: a promise was broken; the world's seed, the promise and the last steps are printed. */
bool world_run(uint64_t seed, int64_t refused_batches);

/* Writes down what happened, to be shown if a promise is broken later. */
void world_note(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A promise is broken. */
void world_break(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The views that lie on the way of a try: of the endpoint, the identity, and of its kind unless it is an errand. */
int world_scope_count(enum scheduler_action action);
int world_scope(int nth, enum batch_kind kind);

/* Does this batch count: is its kind on, or may it be stored? */
bool world_may_ship(const struct world *world, const struct pile_batch *batch);

#endif
