/* policy_state -- see policy_state.h. */
#include "uploader/alert/policy_state.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MINUTE_MS   60000LL
#define NEW_CODE_MS (10 * MINUTE_MS) /* for a code of a newer program */

const char *alert_event_name(enum alert_event event)
{
    static const char *const names[] = {
        [ALERT_BEGIN] = "begin", [ALERT_REMINDER] = "reminder", [ALERT_END] = "end", [ALERT_TEST] = "test"};
    return names[event];
}

int64_t alert_after_ms(const struct alert *alert)
{
    const struct problem_kind *kind = problem_find(alert->problem.code);
    return kind ? kind->alert_after_ms : NEW_CODE_MS;
}

bool alert_is_critical(const struct alert *alert)
{
    return problem_severity(alert->problem.code) == PROBLEM_CRITICAL;
}

/* For how long it has to be away to be over. */
int64_t alert_quiet_ms(const struct alert *alert)
{
    if (alert->repetitions < 3) return ALERT_QUIET_MS;
    if (alert->repetitions == 3) return 30 * MINUTE_MS;
    return alert->repetitions == 4 ? 2 * ALERT_HOUR_MS : 6 * ALERT_HOUR_MS;
}

/* From the begin, or the last reminder, to the next one. */
int64_t alert_reminder_ms(int64_t reminders)
{
    if (reminders == 0) return ALERT_HOUR_MS;
    return reminders == 1 ? 3 * ALERT_HOUR_MS : 24 * ALERT_HOUR_MS;
}

bool alert_is_active(const struct alert *alert)
{
    return alert->stage == ALERT_WAITING || alert->stage == ALERT_OPEN;
}

bool alert_is_of(const struct alert *alert, const struct problem *problem)
{
    return strcmp(alert->problem.code, problem->code) == 0 &&
           strcmp(alert->problem.program, problem->program) == 0;
}

void alert_close(struct alert *alert, struct alert_now now)
{
    alert_move(alert, ALERT_CLOSED);
    alert->closed_at = now.wall;
    alert->due = now.monotonic + ALERT_MEMORY_MS;
}

/* ---- the list ---- */

void alert_policy_remove(struct alert_policy *policy, size_t index)
{
    assert(index < policy->count);
    policy->count--;
    memmove(&policy->list[index], &policy->list[index + 1], (policy->count - index) * sizeof policy->list[0]);
}

void alert_move(struct alert *alert, enum alert_stage stage)
{
    alert->stage = stage;
    alert->tries = 0;
    alert->is_dirty = true;
}

/* The oldest of the last two stages makes room, and else no more are taken: there are not so many codes. */
static bool make_room(struct alert_policy *policy)
{
    if (policy->count < ALERTS_MAX) return true;
    for (size_t i = 0; i < policy->count; i++) {
        if (policy->list[i].stage < ALERT_CLOSED) continue;
        alert_policy_remove(policy, i);
        return true;
    }
    return false;
}

bool alert_policy_has_id(const struct alert_policy *policy, const char *id)
{
    for (size_t i = 0; i < policy->count; i++)
        if (strcmp(policy->list[i].id, id) == 0) return true;
    return false;
}

/* It follows from the spool, the code and when the problem began: also where it cannot be stored, a restart finds it again. */
static void make_id(const struct alert_policy *policy, const struct problem *problem, char id[ALERT_ID_SIZE])
{
    int64_t since = problem->since;
    do (void)snprintf(id, ALERT_ID_SIZE, "%s-%s-%" PRId64, policy->spool, problem->code, since++);
    while (alert_policy_has_id(policy, id));
}

struct alert *alert_policy_add(struct alert_policy *policy, const struct problem *problem)
{
    char id[ALERT_ID_SIZE];
    if (!make_room(policy)) return NULL;
    make_id(policy, problem, id);
    struct alert *alert = &policy->list[policy->count++];
    memset(alert, 0, sizeof *alert);
    memcpy(alert->id, id, sizeof id);
    alert->is_dirty = true;
    return alert;
}

/* ---- how many begins may be sent ---- */

void alert_policy_charge(struct alert_policy *policy, struct alert_now now)
{
    if (policy->begins == ALERT_BURST) policy->refill_due = now.monotonic + ALERT_REFILL_MS;
    if (policy->begins > 0) policy->begins--;
}

void alert_policy_refill(struct alert_policy *policy, struct alert_now now)
{
    while (policy->begins < ALERT_BURST && now.monotonic >= policy->refill_due) {
        policy->begins++;
        policy->refill_due += ALERT_REFILL_MS;
    }
}
