/* policy_update -- see policy.h. Which problems are present, and what becomes of their alerts; alerts from the spool. */
#include "uploader/alert/policy.h"

#include <stdio.h>
#include <string.h>

#include "uploader/alert/policy_state.h"

#define SAVE_MS 10000 /* so much of the time that a problem has lasted may be forgotten by a crash */

static struct alert *find_active(struct alert_policy *policy, const struct problem *problem)
{
    for (size_t i = 0; i < policy->count; i++)
        if (alert_is_active(&policy->list[i]) && alert_is_of(&policy->list[i], problem))
            return &policy->list[i];
    return NULL;
}

static void see(struct alert_policy *policy, const struct problem *problem, int64_t passed_ms)
{
    struct alert *alert = find_active(policy, problem);
    int64_t since =
        alert ? alert->problem.since : problem->since; /* of the occurrence: gaps do not begin a new one */
    if (!alert) alert = alert_policy_add(policy, problem);
    if (!alert) return;
    if (alert->is_present) alert->lasted_ms += passed_ms;
    if (alert->away_at != 0) alert->is_dirty = true;
    if (alert->stage == ALERT_WAITING && alert->lasted_ms - alert->saved_ms >= SAVE_MS)
        alert->is_dirty = true;
    alert->problem = *problem;
    alert->problem.since = since;
    alert->is_present = true;
    alert->away_since = alert->away_at = 0;
}

/* May a problem be there although it is not in the list? */
static bool is_unknown(const struct alert *alert, const struct alert_view *view)
{
    const char *code = alert->problem.code;
    if (strcmp(code, problem_kind(PROBLEM_COLLECTOR_ABSENT)->code) == 0) return false;
    if (strcmp(code, problem_kind(PROBLEM_BACKLOG_OLD)->code) == 0) return !view->is_spool_known;
    return strcmp(alert->problem.program, "collector") == 0 ? !view->is_collector_known
                                                            : !view->is_uploader_known;
}

/* It was told, or may have been: people are told of its end. Else it never was. */
static void end(struct alert *alert, struct alert_now now)
{
    bool is_told = alert->stage == ALERT_OPEN || alert->is_in_doubt;
    alert_move(alert, is_told ? ALERT_ENDED : ALERT_GONE);
    alert->due = now.monotonic + ALERT_GIVE_UP_MS;
}

static void miss(struct alert *alert, const struct alert_view *view, struct alert_now now)
{
    alert->is_present = false;
    if (is_unknown(alert, view)) {
        alert->away_since = alert->away_at = 0;
        return;
    }
    if (alert->away_since == 0) {
        alert->is_dirty |= alert->away_at == 0;
        alert->away_since = now.monotonic;
        if (alert->away_at == 0) alert->away_at = now.wall;
    }
    if (now.monotonic - alert->away_since >= alert_quiet_ms(alert)) end(alert, now);
}

static bool is_listed(const struct alert *alert, const struct alert_view *view)
{
    for (size_t i = 0; i < view->count; i++)
        if (alert_is_of(alert, &view->problems[i])) return true;
    return false;
}

static void expire(struct alert_policy *policy, struct alert *alert, struct alert_now now)
{
    if (now.monotonic < alert->due) return;
    if (alert->stage == ALERT_CLOSED) alert_move(alert, ALERT_GONE);
    if (alert->stage != ALERT_ENDED) return;
    policy->given_up++;
    alert_close(alert, now);
}

void alert_policy_update(struct alert_policy *policy, const struct alert_view *view, struct alert_now now)
{
    int64_t passed_ms = policy->updated_at > 0 ? now.monotonic - policy->updated_at : 0;
    policy->updated_at = now.monotonic;
    alert_policy_refill(policy, now);
    for (size_t i = 0; i < view->count; i++)
        if (problem_severity(view->problems[i].code) != PROBLEM_INFO)
            see(policy, &view->problems[i], passed_ms);
    for (size_t i = 0; i < policy->count; i++) {
        struct alert *alert = &policy->list[i];
        if (alert_is_active(alert) && !is_listed(alert, view)) miss(alert, view, now);
        expire(policy, alert, now);
        if (alert->stage == ALERT_GONE && !alert->has_row) alert_policy_remove(policy, i--);
    }
}

/* ---- from the spool ---- */

void alert_policy_init(struct alert_policy *policy, const char *spool, struct alert_now now)
{
    memset(policy, 0, sizeof *policy);
    (void)snprintf(policy->spool, sizeof policy->spool, "%s", spool);
    policy->begins = ALERT_BURST;
    policy->refill_due = now.monotonic + ALERT_REFILL_MS;
}

/* What is left of a pause that began at `at`: never more than all of it, wherever the wall clock has jumped. */
static int64_t left_ms(int64_t at, int64_t pause_ms, struct alert_now now)
{
    int64_t left = at + pause_ms - now.wall;
    if (left < 0) return 0;
    return left < pause_ms ? left : pause_ms;
}

/* Ids begin with the spool's id. The row of another spool came with the file that this one was copied from. */
static bool is_own(const struct alert_policy *policy, const struct alert *row)
{
    size_t len = strlen(policy->spool);
    return strncmp(row->id, policy->spool, len) == 0 && row->id[len] == '-';
}

void alert_policy_load(struct alert_policy *policy, const struct alert *row, struct alert_now now)
{
    if (policy->count == ALERTS_MAX || alert_policy_has_id(policy, row->id)) return;
    struct alert *alert = &policy->list[policy->count++];
    *alert = *row;
    alert->is_present = alert->is_dirty = false;
    alert->has_row = true;
    alert->tries = 0;
    alert->saved_ms = alert->lasted_ms;
    alert->away_since = 0;
    if (!is_own(policy, row)) {
        alert_move(alert, ALERT_GONE);
        return;
    }
    if (alert->away_at > 0)
        alert->away_since =
            now.monotonic - alert_quiet_ms(alert) + left_ms(alert->away_at, alert_quiet_ms(alert), now);
    if (alert->begun_at > 0 && left_ms(alert->begun_at, ALERT_REFILL_MS, now) > 0)
        alert_policy_charge(policy, now);
    switch (alert->stage) {
    case ALERT_WAITING: /* nobody knows whether it was there all the time */
        if (left_ms(alert->saved_at, ALERT_QUIET_MS, now) == 0 && !alert->is_in_doubt)
            alert_move(alert, ALERT_GONE);
        break;
    case ALERT_OPEN:
        alert->due = now.monotonic + left_ms(alert->told_at, alert_reminder_ms(alert->reminders), now);
        break;
    case ALERT_ENDED: alert->due = now.monotonic + left_ms(alert->away_at, ALERT_GIVE_UP_MS, now); break;
    case ALERT_CLOSED: alert->due = now.monotonic + left_ms(alert->closed_at, ALERT_MEMORY_MS, now); break;
    case ALERT_GONE: break;
    }
}
