/*
 * test_throttle_worlds -- the throttle's policy in random worlds with virtual time: senders that stop, trickle, flood and
 * burst, one to eight cores that other programs use as well, cheap and dear work, quick and slow disks, an old backlog, and low
 * space. Each world changes all of that several times, and the promises below are checked in each of its phases.
 *
 * The cores are a fluid: whoever wants more than there is gets a fair part. What the collector cannot take, TCP holds
 * back. Events become visible after the disk's time, and the later the fuller cores and disk are.
 *
 * THROTTLE_WORLDS in the environment is the number of worlds, TEST_SEED the first one's seed: a broken promise is printed
 * with it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/chance.h"
#include "tests/support/sanitized.h"
#include "uploader/ship/throttle_policy.h"

#define WORLDS (IS_SANITIZED ? 200 : 2000)

#define STEP_MS    10
#define PHASES     6
#define PHASE_MS   60000
#define SETTLE_MS  15000 /* of a phase: what the last one left is over */
#define RATE_MS    1000  /* over which the rate of what comes in is taken */
#define SWING      150   /* in thousandths of the time */
#define SWINGS_MAX 18    /* of a settled phase of 45 s */
#define SLACK_MS   6000  /* the backlog may grow by what comes in so long a time */
#define FALL_MS    8000  /* within it the share follows lateness down, */
#define RISE_MS    24000 /* up, */
#define FORGET_MS  40000 /* and down from what was once needed to keep up */
#define SHIPS      2     /* threads of the uploader that work at once */

/* ---- the world ---- */

enum senders { SEND_NOTHING, SEND_EVENLY, SEND_BURSTS, SEND_ALL_THEY_CAN, SENDERS };

/* What a phase is like. */
struct weather {
    enum senders senders;
    double bytes_per_ms;
    double cores;        /* that nobody else uses */
    double disk_ms;      /* of one sync */
    double object_stall; /* by how much the uploader's objects lengthen it, at full speed */
    bool is_space_low;
};

struct world {
    struct chance chance;
    uint64_t seed;
    struct throttle_policy policy;
    struct weather weather;
    double collect_ms, ship_ms; /* of a core, for a MB */
    double event_bytes, batch_bytes;
    int64_t look_ms; /* between two looks */

    int64_t now, phase_at, look_due;
    double received, rows, shipped; /* bytes, events, bytes */
    double accepted;                /* in this phase, behind SETTLE_MS */
    double worked_share;            /* the uploader's part in the last step, 0..1 */
    double late_ms;
    double rate;     /* of what comes in, in bytes a ms */
    bool is_gaining; /* the backlog has become smaller in the last step */
    int64_t late_since, timely_since, yields_since, gaining_since;
    int extreme, swings; /* of the share */
    bool is_rising;
};

static double between(struct world *w, double low, double high)
{
    return low + (high - low) * (double)chance_below(&w->chance, 100001) / 100000;
}

/* From `low` to `high`, small ones as likely as large ones by their order of magnitude. */
static double magnitude(struct world *w, double low, double high)
{
    double value = low;
    while (value < high && chance_below(&w->chance, 8) > 0) value *= 1.6;
    return value < high ? value : high;
}

static void draw_weather(struct world *w)
{
    w->weather = (struct weather){
        .senders = (enum senders)chance_below(&w->chance, SENDERS),
        .bytes_per_ms = magnitude(w, 10, 100000),
        .cores = between(w, 0.3, 8),
        .disk_ms = magnitude(w, 0.1, 30),
        .object_stall = between(w, 0, 4),
        .is_space_low = chance_below(&w->chance, 8) == 0,
    };
    w->phase_at = w->now;
    w->accepted = 0;
    w->late_since = w->timely_since = w->yields_since = w->gaining_since = w->now;
    w->swings = 0;
}

static double wanted_bytes(struct world *w)
{
    const struct weather *weather = &w->weather;
    switch (weather->senders) {
    case SEND_EVENLY: return weather->bytes_per_ms * STEP_MS;
    case SEND_BURSTS: return w->now % 500 < 50 ? weather->bytes_per_ms * STEP_MS * 10 : 0;
    case SEND_ALL_THEY_CAN: return 1e12;
    case SEND_NOTHING:
    case SENDERS: break;
    }
    return 0;
}

/* One core's time for so many bytes. */
static double core_ms(double bytes, double ms_per_mb)
{
    return bytes * ms_per_mb / 1e6;
}

static bool has_work(const struct world *w)
{
    return w->received - w->shipped >= w->batch_bytes;
}

/* The two programs share the cores, as far as both want them: the collector has up to three busy threads. */
static void use_cores(struct world *w)
{
    double cores_ms = w->weather.cores * STEP_MS;
    double most_ms = (w->weather.cores < 3 ? w->weather.cores : 3) * STEP_MS;
    double collect_ms = core_ms(wanted_bytes(w), w->collect_ms);
    double ship_ms = has_work(w) ? (double)w->policy.share / THROTTLE_SHARE_ALL * SHIPS * STEP_MS : 0;
    if (collect_ms > most_ms) collect_ms = most_ms;
    double wanted_ms = collect_ms + ship_ms;
    double fair = cores_ms / 2;
    if (wanted_ms > cores_ms && collect_ms > fair && ship_ms > fair) {
        collect_ms = ship_ms = fair;
    } else if (wanted_ms > cores_ms && collect_ms > fair) {
        collect_ms = cores_ms - ship_ms;
    } else if (wanted_ms > cores_ms) {
        ship_ms = cores_ms - collect_ms;
    }
    double taken = collect_ms / w->collect_ms * 1e6;
    double sent = ship_ms / w->ship_ms * 1e6;
    if (sent > w->received - w->shipped) sent = w->received - w->shipped;
    w->is_gaining = sent > taken;
    w->rate += (taken / STEP_MS - w->rate) * STEP_MS / RATE_MS;
    w->worked_share = ship_ms / (SHIPS * STEP_MS);
    w->received += taken;
    w->rows += taken / w->event_bytes;
    w->shipped += sent;
    double fullness = (collect_ms + ship_ms) / cores_ms;
    w->late_ms = w->weather.disk_ms * (1 + w->weather.object_stall * w->worked_share);
    if (fullness > 0.8) w->late_ms += (fullness - 0.8) * 100;
    if (w->now - w->phase_at >= SETTLE_MS) w->accepted += taken;
}

/* ---- what the policy sees ---- */

/* Since when the oldest event waits, as if they had come in as evenly as of late. */
static double age_ms(const struct world *w)
{
    return (w->received - w->shipped) / (w->rate + 1);
}

static void report_backlog(struct world *w)
{
    double left = w->received - w->shipped;
    struct throttle_backlog seen = {0};
    if (left >= w->batch_bytes)
        seen = (struct throttle_backlog){(int64_t)w->batch_bytes, (int64_t)(left - w->batch_bytes),
                                         (int64_t)age_ms(w)};
    throttle_policy_backlog(&w->policy, w->now, &seen);
}

static void look(struct world *w)
{
    if (w->now < w->look_due) return;
    w->look_due = w->now + 1 + (int64_t)chance_below(&w->chance, (size_t)w->look_ms);
    report_backlog(w);
    struct throttle_look seen = {.bytes = (int64_t)w->received,
                                 .rows = (int64_t)w->rows,
                                 .newest_age = (int64_t)(w->late_ms + between(w, 0, w->late_ms)),
                                 .is_space_low = w->weather.is_space_low};
    throttle_policy_look(&w->policy, w->now, &seen);
}

/* ---- the promises ---- */

static bool promise(const struct world *w, bool is_kept, const char *what)
{
    if (!is_kept)
        (void)fprintf(stderr,
                      "TEST_SEED=%" PRIu64
                      " THROTTLE_WORLDS=1: at %.2f s: %s; share=%d floor=%d state=%d late=%.1f/%.1f ms "
                      "senders=%d cores=%.2f waiting=%.0f batch=%.0f swings=%d\n",
                      w->seed, (double)w->now / 1000, what, w->policy.share, w->policy.floor,
                      (int)w->policy.state, w->late_ms, (double)w->policy.late_us / 1000,
                      (int)w->weather.senders, w->weather.cores, w->received - w->shipped, w->batch_bytes,
                      w->swings);
    return is_kept;
}

/* What holds at each moment. `since`: for how long the phase has lasted. */
static bool check_bounds(const struct world *w, int64_t since)
{
    int share = w->policy.share;
    bool is_idle = w->weather.senders == SEND_NOTHING && since >= THROTTLE_QUIET_MS + 2 * w->look_ms;
    bool is_short = w->weather.is_space_low && since > w->look_ms + STEP_MS;
    bool is_kept = promise(w, share >= THROTTLE_SHARE_LEAST && share <= THROTTLE_SHARE_ALL,
                           "the share is within its bounds");
    is_kept &= promise(w, !is_idle || share == THROTTLE_SHARE_ALL, "beside an idle collector nobody sleeps");
    return is_kept & promise(w, !is_short || share == THROTTLE_SHARE_ALL, "where space is low nobody sleeps");
}

/* Since when events have clearly been late, or in time, and the policy and the backlog as they are. */
static void note_times(struct world *w)
{
    bool is_late = w->late_ms * 1000 > 2 * THROTTLE_LATE_US && !w->weather.is_space_low;
    bool is_timely = w->late_ms * 2000 <= THROTTLE_TIMELY_US;
    bool yields = w->policy.state == THROTTLE_YIELDING;
    if (!is_late) w->late_since = w->now;
    if (!yields) w->yields_since = w->now;
    if (!yields || !is_timely) w->timely_since = w->now;
    if (!is_late || !w->is_gaining) w->gaining_since = w->now;
}

/* What holds after a while in which many events came in evenly. */
static bool check_lateness(const struct world *w)
{
    int share = w->policy.share;
    int half = w->policy.floor > THROTTLE_SHARE_HALF ? w->policy.floor : THROTTLE_SHARE_HALF;
    bool is_even = w->weather.senders == SEND_EVENLY && w->weather.bytes_per_ms > w->event_bytes;
    if (!is_even) return true;
    bool is_late = w->now - w->late_since > FALL_MS && w->now - w->yields_since > FALL_MS;
    bool is_timely = w->now - w->timely_since > RISE_MS;
    bool is_gaining = w->now - w->gaining_since > FORGET_MS;
    bool is_kept = promise(w, !is_late || share <= half, "events that are late for seconds halve the share");
    is_kept &= promise(w, !is_gaining || share <= THROTTLE_SHARE_HALF,
                       "a backlog that becomes smaller is not worth late events");
    return is_kept &
           promise(w, !is_timely || share == THROTTLE_SHARE_ALL, "events in time give all of the share");
}

/* Counts how often the share turns round once a phase has settled, and then goes at least SWING the other way. */
static void watch_swings(struct world *w)
{
    int share = w->policy.share;
    if (w->now - w->phase_at <= SETTLE_MS) {
        w->extreme = share;
        return;
    }
    bool is_further = w->is_rising ? share > w->extreme : share < w->extreme;
    bool is_turn = w->is_rising ? share <= w->extreme - SWING : share >= w->extreme + SWING;
    if (is_turn) w->is_rising = !w->is_rising;
    if (is_turn || is_further) w->extreme = share;
    w->swings += is_turn;
}

/*
 * Senders are kept up with, or the uploader has been given all that there is: the backlog at the end of a phase is no
 * larger than when it had settled, but for what a few seconds bring.
 */
static bool check_phase(const struct world *w, double waiting_before)
{
    const struct weather *weather = &w->weather;
    double slack = w->accepted / (PHASE_MS - SETTLE_MS) * SLACK_MS + 2 * w->batch_bytes;
    bool keeps_up = w->received - w->shipped <= waiting_before + slack;
    bool has_all = w->policy.share >= THROTTLE_SHARE_ALL * 9 / 10;
    int swings_max = weather->senders == SEND_EVENLY ? SWINGS_MAX : 2 * SWINGS_MAX;
    bool is_kept = promise(w, keeps_up || has_all, "the backlog stays, or the uploader may do all it can");
    return is_kept && promise(w, w->swings <= swings_max, "the share does not swing");
}

static bool run_phase(struct world *w)
{
    double waiting_before = 0;
    bool is_kept = true;
    draw_weather(w);
    while (is_kept && w->now - w->phase_at < PHASE_MS) {
        w->now += STEP_MS;
        use_cores(w);
        look(w);
        watch_swings(w);
        note_times(w);
        is_kept = check_bounds(w, w->now - w->phase_at) && check_lateness(w);
        if (w->now - w->phase_at == SETTLE_MS) waiting_before = w->received - w->shipped;
    }
    return is_kept && check_phase(w, waiting_before);
}

static bool run_world(uint64_t seed)
{
    struct world w = {
        .chance = {seed * 2 + 1}, .seed = seed, .policy = throttle_policy_begin(), .now = STEP_MS};
    bool is_kept = true;
    w.collect_ms = magnitude(&w, 1, 60);
    w.ship_ms = magnitude(&w, 1, 60);
    w.event_bytes = magnitude(&w, 60, 100000);
    w.batch_bytes = magnitude(&w, 1e5, 1e7);
    w.look_ms = 10 + (int64_t)chance_below(&w.chance, 240);
    w.received = chance_below(&w.chance, 2) ? 0 : magnitude(&w, 1e6, 1e12); /* an old backlog */
    for (int i = 0; i < PHASES && is_kept; i++) is_kept = run_phase(&w);
    return is_kept;
}

static void every_promise_holds_in_random_worlds(void **state)
{
    (void)state;
    const char *given = getenv("THROTTLE_WORLDS");
    int64_t count = given ? strtoll(given, NULL, 10) : WORLDS;
    struct chance chance = chance_begin();
    int64_t broken = 0;
    for (int64_t i = 0; i < count && broken < 3; i++) broken += !run_world(chance.state / 2 + (uint64_t)i);
    assert_int_equal(broken, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_promise_holds_in_random_worlds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
