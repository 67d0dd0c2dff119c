/*
 * test_alert_worlds -- alerts in random worlds with virtual time: problems that last, flap and return, a receiver that is
 * away, refuses or does not answer, restarts with and without what was stored, and jumps of the clock. Each world checks at
 * every message, and at its end, what policy.h promises.
 *
 * ALERT_WORLDS in the environment is the number of worlds, TEST_SEED the first one's seed: a broken promise is printed with
 * it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/chance.h"
#include "tests/support/sanitized.h"
#include "uploader/alert/policy.h"

#define SECOND           1000LL
#define MINUTE           (60 * SECOND)
#define HOUR             (60 * MINUTE)
#define DAY              (24 * HOUR)
#define START            INT64_C(1924992000000)
#define PROBLEMS         12
#define MESSAGES         4096
#define STEPS            1500
#define SLACK_MS         (4 * MINUTE) /* two steps, the longest: so much later is seen what comes and goes */
#define SLACK_RESTART_MS HOUR         /* a jump of the clock before a restart may make it look shorter */
#define RETRY_MOST       (5 * MINUTE)
#define BEGINS_DAY       (ALERT_BURST + 24)
#define WORLDS           (IS_SANITIZED ? 50 : 500)

/* One kind of problem, as it really is. */
struct truth {
    enum problem_code code;
    bool is_there;
    int64_t since;                             /* wall, of what is there now */
    int64_t change_due;                        /* monotonic */
    int64_t there_least_ms, there_ms, away_ms; /* how long it is there and away at most */
    int64_t
        seen_ms; /* of the occurrence: how long it was there while somebody looked; from its first sight on */
    int64_t away_since;   /* monotonic */
    int64_t steady_since; /* monotonic: it is there, the receiver takes all, and nothing restarts */
};

/* What the receiver knows of an id. */
struct told {
    char id[ALERT_ID_SIZE];
    char code[PROBLEM_CODE_SIZE];
    int64_t begins, ends; /* taken, or perhaps */
    bool is_in_doubt, has_ended;
    int64_t begun; /* monotonic */
};

struct world {
    uint64_t seed;
    struct chance chance;
    struct alert_now now;
    struct alert_policy policy;
    struct alert rows[ALERTS_MAX]; /* the spool */
    size_t row_count;
    bool is_disk_full, had_full_disk;
    struct truth truths[PROBLEMS];
    enum alert_outcome outcome;
    int64_t outcome_due, works_since; /* monotonic */
    struct told told[MESSAGES];
    size_t told_count;
    int64_t begin_times[MESSAGES], reminder_at; /* monotonic; -1: none */
    size_t begin_count;
    bool has_restarts, has_full_disks, is_broken;
};

static void broken(struct world *w, const char *promise, const char *what)
{
    if (!w->is_broken)
        (void)fprintf(stderr, "seed %llu at %lld s: %s: %s\n", (unsigned long long)w->seed,
                      (long long)(w->now.monotonic / SECOND), promise, what);
    w->is_broken = true;
}

static int64_t draw(struct world *w, int64_t least, int64_t most)
{
    return least + (int64_t)chance_below(&w->chance, (size_t)(most - least + 1));
}

static struct truth *truth_of(struct world *w, const char *code)
{
    for (size_t i = 0; i < PROBLEMS; i++)
        if (strcmp(problem_kind(w->truths[i].code)->code, code) == 0) return &w->truths[i];
    abort();
}

/* A restart with a spool that could not be written: it knows less than people were told. */
static bool has_forgotten(const struct world *w)
{
    return w->has_restarts && w->had_full_disk;
}

/* ---- the receiver ---- */

static struct told *told_of(struct world *w, const struct alert *alert)
{
    for (size_t i = w->told_count; i-- > 0;)
        if (strcmp(w->told[i].id, alert->id) == 0) return &w->told[i];
    if (w->told_count == MESSAGES) abort();
    struct told *told = &w->told[w->told_count++];
    (void)snprintf(told->id, sizeof told->id, "%s", alert->id);
    (void)snprintf(told->code, sizeof told->code, "%s", alert->problem.code);
    return told;
}

static void check_rate(struct world *w)
{
    size_t day = 0;
    for (size_t i = 0; i < w->begin_count; i++) day += w->begin_times[i] > w->now.monotonic - DAY;
    if (!w->has_restarts && day > BEGINS_DAY) broken(w, "bounded", "too many begins within a day");
}

static void check_begin(struct world *w, const struct alert *alert, struct told *told)
{
    struct truth *truth = truth_of(w, alert->problem.code);
    const struct problem_kind *kind = problem_kind(truth->code);
    if (!truth->is_there) broken(w, "present", "a begin of what is away");
    if (kind->severity == PROBLEM_INFO) broken(w, "info", "a begin of an info");
    if (has_forgotten(w)) return;
    if (truth->seen_ms < kind->alert_after_ms) broken(w, "lasted", "a begin too early");
    if (told->begins > 0 && !told->is_in_doubt) broken(w, "once", "two begins");
    if (told->has_ended) broken(w, "unique", "a begin behind the end of its id");
}

/* Takes in what was sent, and perhaps arrived. */
static void receive(struct world *w, const struct alert_message *message, bool is_taken)
{
    for (size_t i = 0; i < message->count; i++) {
        const struct alert *alert = message->alerts[i];
        struct told *told = told_of(w, alert);
        if (strcmp(told->code, alert->problem.code) != 0) broken(w, "unique", "an id has two codes");
        if (message->event == ALERT_BEGIN) {
            check_begin(w, alert, told);
            told->begins++;
            told->is_in_doubt = !is_taken;
            told->begun = w->now.monotonic;
            if (told->begins == 1) w->begin_times[w->begin_count++] = w->now.monotonic;
        } else if (told->begins == 0) {
            broken(w, "begun", "an end or a reminder without a begin");
        }
        if (message->event == ALERT_END) {
            if (told->has_ended && !has_forgotten(w)) broken(w, "once", "two ends");
            told->has_ended = is_taken;
        }
    }
    if (message->event != ALERT_REMINDER || !is_taken) return;
    if (w->reminder_at >= 0 && w->now.monotonic - w->reminder_at < HOUR && !w->has_restarts)
        broken(w, "bounded", "two reminders within an hour");
    w->reminder_at = w->now.monotonic;
}

static void change_receiver(struct world *w)
{
    if (w->now.monotonic < w->outcome_due) return;
    size_t what = chance_below(&w->chance, 10);
    enum alert_outcome outcome = what < 6 ? ALERT_TAKEN : what < 8 ? ALERT_NOT_TAKEN : ALERT_IN_DOUBT;
    if (outcome == ALERT_TAKEN && w->outcome != ALERT_TAKEN) w->works_since = w->now.monotonic;
    w->outcome = outcome;
    w->outcome_due = w->now.monotonic + draw(w, MINUTE, outcome == ALERT_TAKEN ? 6 * HOUR : HOUR);
}

/* ---- what is wrong ---- */

static void change_truth(struct world *w, struct truth *t)
{
    if (w->now.monotonic < t->change_due) return;
    t->is_there = !t->is_there;
    if (t->is_there) {
        t->since = w->now.wall;
        int64_t over_ms = ALERT_QUIET_MS + (w->has_restarts ? SLACK_RESTART_MS : SLACK_MS);
        if (w->now.monotonic - t->away_since >= over_ms) t->seen_ms = 0;
        t->steady_since = w->now.monotonic;
        t->change_due = w->now.monotonic + draw(w, t->there_least_ms, t->there_ms);
    } else {
        t->away_since = w->now.monotonic;
        t->change_due = w->now.monotonic + draw(w, SECOND, t->away_ms);
    }
}

static void update(struct world *w)
{
    struct problem present[PROBLEMS];
    struct alert_view view = {present, 0, true, true, true};
    for (size_t i = 0; i < PROBLEMS; i++) {
        struct truth *t = &w->truths[i];
        change_truth(w, t);
        if (!t->is_there) continue;
        struct problem *p = &present[view.count++];
        memset(p, 0, sizeof *p);
        (void)snprintf(p->code, sizeof p->code, "%s", problem_kind(t->code)->code);
        (void)snprintf(p->program, sizeof p->program, "uploader");
        p->since = t->since;
    }
    alert_policy_update(&w->policy, &view, w->now);
}

/* ---- the spool ---- */

static void save(struct world *w)
{
    if (w->is_disk_full) return;
    w->row_count = 0;
    for (size_t i = w->policy.count; i-- > 0;)
        if (w->policy.list[i].stage == ALERT_GONE) alert_policy_remove(&w->policy, i);
    for (size_t i = 0; i < w->policy.count; i++) {
        w->policy.list[i].has_row = true;
        w->rows[w->row_count] = w->policy.list[i];
        w->rows[w->row_count++].saved_at = w->now.wall;
    }
}

static void restart(struct world *w)
{
    int64_t away_ms = draw(w, SECOND, 3 * MINUTE);
    w->now = (struct alert_now){w->now.wall + away_ms, w->now.monotonic + away_ms};
    alert_policy_init(&w->policy, "0123456789", w->now);
    for (size_t i = 0; i < w->row_count; i++) alert_policy_load(&w->policy, &w->rows[i], w->now);
    for (size_t i = 0; i < PROBLEMS; i++) w->truths[i].steady_since = w->now.monotonic;
    w->works_since = w->now.monotonic;
}

static void shake(struct world *w)
{
    if (w->has_full_disks && chance_below(&w->chance, 200) == 0) w->is_disk_full = !w->is_disk_full;
    w->had_full_disk |= w->is_disk_full;
    if (w->has_restarts && chance_below(&w->chance, 100) == 0) restart(w);
    if (chance_below(&w->chance, 300) == 0) w->now.wall += draw(w, -3 * DAY, 3 * DAY);
}

/* ---- a world ---- */

static void send(struct world *w)
{
    struct alert_message message;
    while (alert_policy_next(&w->policy, w->now, &message)) {
        if (w->outcome != ALERT_NOT_TAKEN) receive(w, &message, w->outcome == ALERT_TAKEN);
        alert_policy_sent(&w->policy, &message, w->outcome, w->now);
        save(w);
    }
    check_rate(w);
}

/* Is a problem that has been there for long enough, with a receiver that has worked for long enough, told? */
static void check_told(struct world *w)
{
    int64_t now = w->now.monotonic;
    if (w->outcome != ALERT_TAKEN || w->policy.begins <= ALERT_RESERVED || has_forgotten(w)) return;
    if (now - w->works_since < RETRY_MOST + 3 * MINUTE) return;
    for (size_t i = 0; i < PROBLEMS; i++) {
        const struct truth *t = &w->truths[i];
        const struct problem_kind *kind = problem_kind(t->code);
        if (!t->is_there || kind->severity == PROBLEM_INFO) continue;
        if (now - t->steady_since < kind->alert_after_ms + 5 * MINUTE) continue;
        bool is_told = false;
        for (size_t k = 0; k < w->told_count; k++)
            is_told |=
                strcmp(w->told[k].code, kind->code) == 0 && !w->told[k].has_ended && w->told[k].begins > 0;
        if (!is_told) broken(w, "told", kind->code);
    }
}

static void begin_world(struct world *w, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    w->seed = seed;
    w->chance.state = seed * 2 + 1;
    w->now = (struct alert_now){START, HOUR};
    w->reminder_at = -1;
    w->has_restarts = chance_below(&w->chance, 2) == 0;
    w->has_full_disks = chance_below(&w->chance, 3) == 0;
    alert_policy_init(&w->policy, "0123456789", w->now);
    size_t first = chance_below(&w->chance, PROBLEM_COUNT);
    bool is_flapping = chance_below(&w->chance, 3) == 0;
    for (size_t i = 0; i < PROBLEMS; i++) {
        struct truth *t = &w->truths[i];
        t->code = (enum problem_code)((first + i) % PROBLEM_COUNT);
        t->there_ms = is_flapping ? 10 * MINUTE : draw(w, MINUTE, 10 * HOUR);
        t->there_least_ms = SECOND;
        t->away_ms = is_flapping ? 12 * MINUTE : draw(w, MINUTE, 10 * HOUR);
        t->change_due = w->now.monotonic + draw(w, 0, t->away_ms);
        t->away_since = w->now.monotonic - DAY;
    }
}

/* All is well and stays so: every begin gets its end. */
static void check_end(struct world *w)
{
    w->outcome = ALERT_TAKEN;
    w->outcome_due = w->now.monotonic + 100 * DAY;
    for (size_t i = 0; i < PROBLEMS; i++) {
        w->truths[i].is_there = false;
        w->truths[i].change_due = w->now.monotonic + 100 * DAY;
    }
    for (int i = 0; i < 450; i++) {
        w->now.monotonic += MINUTE;
        w->now.wall += MINUTE;
        update(w);
        send(w);
    }
    for (size_t i = 0; i < w->told_count; i++)
        if (!w->told[i].has_ended && w->told[i].begins > 0 && !has_forgotten(w))
            broken(w, "ended", w->told[i].id);
}

static bool run_world(struct world *w, uint64_t seed)
{
    begin_world(w, seed);
    for (int step = 0; step < STEPS && !w->is_broken; step++) {
        int64_t passed_ms = draw(w, SECOND, 2 * MINUTE);
        w->now.monotonic += passed_ms;
        w->now.wall += passed_ms;
        for (size_t i = 0; i < PROBLEMS; i++)
            if (w->truths[i].is_there) w->truths[i].seen_ms += passed_ms;
        shake(w);
        change_receiver(w);
        update(w);
        save(w);
        send(w);
        check_told(w);
    }
    if (!w->is_broken) check_end(w);
    return !w->is_broken;
}

static void every_promise_holds_in_random_worlds(void **state)
{
    const char *given = getenv("ALERT_WORLDS");
    int64_t count = given ? strtoll(given, NULL, 10) : WORLDS;
    struct chance chance = chance_begin();
    uint64_t seed = chance.state / 2;
    struct world *world = malloc(sizeof *world);
    int broken_count = 0;
    (void)state;
    assert_non_null(world);
    for (int64_t i = 0; i < count && broken_count < 3; i++)
        broken_count += !run_world(world, seed + (uint64_t)i);
    free(world);
    assert_int_equal(broken_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_promise_holds_in_random_worlds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
