/* throttle_policy -- see throttle_policy.h. */
#include "uploader/ship/throttle_policy.h"

#define LATE_PARTS   8    /* a look counts for one part of so many of the running mean */
#define LATE_MAX_MS  1000 /* the wall clock may have been set */
#define RISE         (THROTTLE_SHARE_ALL / 64)
#define HURRY        (THROTTLE_SHARE_ALL / 16)
#define PAUSE_PARTS  16 /* the longest pause loses one part of so many with each arrival */
#define PAUSE_MAX_MS (THROTTLE_QUIET_MS / THROTTLE_QUIET_PAUSES)
#define FLOOR_PARTS  128 /* the floor loses one part of so many in each window */

struct throttle_policy throttle_policy_begin(void)
{
    return (struct throttle_policy){.share = THROTTLE_SHARE_ALL};
}

/* ---- what is seen ---- */

/* New events are there: how late is the newest, beyond what is due to the time between two? */
static void note_lateness(struct throttle_policy *policy, int64_t now, const struct throttle_look *look)
{
    int64_t rows = look->rows - policy->rows;
    if (rows <= 0) return;
    int64_t age_ms = look->newest_age < LATE_MAX_MS ? look->newest_age : LATE_MAX_MS;
    int64_t late_us = age_ms * 1000 - (now - policy->looked_at) * 1000 / rows;
    if (late_us < 0) late_us = 0;
    policy->late_us += (late_us - policy->late_us) / LATE_PARTS;
}

static void note_arrival(struct throttle_policy *policy, int64_t now)
{
    int64_t pause_ms = policy->state == THROTTLE_FREE ? PAUSE_MAX_MS : now - policy->received_at;
    policy->pause_ms -= policy->pause_ms / PAUSE_PARTS;
    if (pause_ms > PAUSE_MAX_MS) pause_ms = PAUSE_MAX_MS;
    if (pause_ms > policy->pause_ms) policy->pause_ms = pause_ms;
    policy->received_at = now;
    policy->has_received = true;
}

static void note_received(struct throttle_policy *policy, int64_t now, const struct throttle_look *look)
{
    if (policy->has_looked) { /* else: what was received before says nothing about now */
        note_lateness(policy, now, look);
        if (look->bytes > policy->bytes) note_arrival(policy, now);
    } else {
        policy->window_at = now;
    }
    policy->has_looked = true;
    policy->looked_at = now;
    policy->bytes = look->bytes;
    policy->rows = look->rows;
}

static void forget_backlog(struct throttle_policy *policy)
{
    policy->is_behind = policy->has_mark = false;
}

void throttle_policy_backlog(struct throttle_policy *policy, int64_t now,
                             const struct throttle_backlog *backlog)
{
    policy->reported_at = now;
    if (backlog->sealed_bytes == 0 || backlog->left_bytes < backlog->sealed_bytes) {
        forget_backlog(policy);
        return;
    }
    if (policy->has_mark && now - policy->mark_at < THROTTLE_TREND_MS) return;
    bool is_growing = policy->has_mark && backlog->left_bytes >= policy->mark_bytes;
    policy->is_behind = is_growing && backlog->oldest_age >= THROTTLE_BEHIND_MS;
    policy->has_mark = true;
    policy->mark_at = now;
    policy->mark_bytes = backlog->left_bytes;
}

/* ---- what follows ---- */

static int most(int a, int b)
{
    return a > b ? a : b;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int64_t quiet_ms(const struct throttle_policy *policy)
{
    int64_t ms = policy->pause_ms * THROTTLE_QUIET_PAUSES;
    if (ms < THROTTLE_QUIET_LEAST_MS) return THROTTLE_QUIET_LEAST_MS;
    return ms < THROTTLE_QUIET_MS ? ms : THROTTLE_QUIET_MS;
}

static enum throttle_state next_state(const struct throttle_policy *policy, int64_t now, bool is_space_low)
{
    bool is_quiet = !policy->has_received || now - policy->received_at >= quiet_ms(policy);
    if (is_quiet || is_space_low) return THROTTLE_FREE;
    return policy->is_behind ? THROTTLE_HURRYING : THROTTLE_YIELDING;
}

/* The one place where the state changes. */
static void move(struct throttle_policy *policy, enum throttle_state next)
{
    bool was_free = policy->state == THROTTLE_FREE;
    policy->state = next;
    if (next == THROTTLE_FREE) {
        policy->share = THROTTLE_SHARE_ALL;
        policy->floor = 0;
        policy->late_us = 0;
    } else if (was_free) {
        policy->share = THROTTLE_SHARE_HALF;
    }
}

/* Up and down in steps, and neither within the bands between: the share itself moves the lateness. */
static int yield_share(const struct throttle_policy *policy)
{
    int64_t late_us = policy->late_us;
    int share = policy->share;
    int half = most(policy->floor, THROTTLE_SHARE_HALF);
    int lowest = most(policy->floor, THROTTLE_SHARE_LEAST);
    if (late_us <= THROTTLE_TIMELY_US) return least(share + RISE, THROTTLE_SHARE_ALL);
    if (late_us > THROTTLE_VERY_LATE_US) return most(share * 3 / 4, lowest);
    if (late_us > THROTTLE_LATE_US && share > half) return most(share * 7 / 8, half);
    if (late_us <= THROTTLE_LATER_US && share < half) return least(share + RISE, half);
    return most(share, lowest);
}

static void end_window(struct throttle_policy *policy)
{
    if (policy->state == THROTTLE_YIELDING) {
        policy->floor -= policy->floor / FLOOR_PARTS;
        policy->share = yield_share(policy);
    } else if (policy->state == THROTTLE_HURRYING) {
        policy->floor = policy->share = least(policy->share + HURRY, THROTTLE_SHARE_ALL);
    }
}

void throttle_policy_look(struct throttle_policy *policy, int64_t now, const struct throttle_look *look)
{
    note_received(policy, now, look);
    if (now - policy->reported_at >= THROTTLE_REPORT_MS) forget_backlog(policy); /* nothing is sealed now */
    move(policy, next_state(policy, now, look->is_space_low));
    if (now - policy->window_at < THROTTLE_WINDOW_MS) return;
    end_window(policy);
    policy->window_at = now;
}

int64_t throttle_policy_sleep(int share, int64_t worked)
{
    return worked * (THROTTLE_SHARE_ALL - share) / share;
}
