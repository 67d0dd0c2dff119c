/* policy_next -- see policy.h. What is to be sent now, and what follows from how a try has ended. */
#include "uploader/alert/policy.h"

#include "uploader/alert/policy_state.h"

#define PAUSE_FIRST_MS 5000
#define PAUSE_MAX_MS   (5 * 60000LL)

/* ---- what is to be sent ---- */

static bool is_begin_due(const struct alert_policy *policy, const struct alert *alert)
{
    if (alert->stage != ALERT_WAITING || !alert->is_present) return false;
    if (alert->lasted_ms < alert_after_ms(alert)) return false;
    return alert->is_in_doubt || policy->begins > (alert_is_critical(alert) ? 0 : ALERT_RESERVED);
}

static bool is_reminder_due(const struct alert_policy *policy, struct alert_now now)
{
    if (now.monotonic < policy->reminder_due) return false;
    for (size_t i = 0; i < policy->count; i++) {
        const struct alert *alert = &policy->list[i];
        if (alert->stage == ALERT_OPEN && alert->is_present && now.monotonic >= alert->due) return true;
    }
    return false;
}

/* The critical ones first; of the same, the older one. */
static void add_sorted(struct alert_message *message, const struct alert *alert)
{
    size_t at = message->count++;
    for (; at > 0; at--) {
        const struct alert *before = message->alerts[at - 1];
        bool is_worse = alert_is_critical(alert) && !alert_is_critical(before);
        bool is_older = alert_is_critical(alert) == alert_is_critical(before) &&
                        alert->problem.since < before->problem.since;
        if (!is_worse && !is_older) break;
        message->alerts[at] = before;
    }
    message->alerts[at] = alert;
}

static void make_reminder(const struct alert_policy *policy, struct alert_message *message)
{
    message->event = ALERT_REMINDER;
    message->count = 0;
    for (size_t i = 0; i < policy->count; i++)
        if (policy->list[i].stage == ALERT_OPEN && policy->list[i].is_present)
            add_sorted(message, &policy->list[i]);
}

/* What is sent first: what was tried least; of the same, begins of critical problems, other begins, ends. */
static int64_t rank(const struct alert *alert)
{
    int64_t urgency = alert->stage == ALERT_ENDED ? 2 : alert_is_critical(alert) ? 0 : 1;
    return alert->tries * 4 + urgency;
}

bool alert_policy_next(struct alert_policy *policy, struct alert_now now, struct alert_message *message)
{
    const struct alert *first = NULL;
    if (now.monotonic < policy->pause_due) return false;
    alert_policy_refill(policy, now);
    for (size_t i = 0; i < policy->count; i++) {
        const struct alert *alert = &policy->list[i];
        bool is_due = alert->stage == ALERT_ENDED || is_begin_due(policy, alert);
        if (is_due && (!first || rank(alert) < rank(first))) first = alert;
    }
    if (first) {
        message->event = first->stage == ALERT_ENDED ? ALERT_END : ALERT_BEGIN;
        message->count = 1;
        message->alerts[0] = first;
        return true;
    }
    if (!is_reminder_due(policy, now)) return false;
    make_reminder(policy, message);
    return true;
}

/* ---- how it ended ---- */

/* Earlier occurrences that people still remember make this one a repetition. */
static void count_repetitions(struct alert_policy *policy, struct alert *alert)
{
    for (size_t i = 0; i < policy->count; i++) {
        struct alert *earlier = &policy->list[i];
        bool is_over = earlier->stage == ALERT_CLOSED || earlier->stage == ALERT_ENDED;
        if (!is_over || !alert_is_of(earlier, &alert->problem)) continue;
        if (earlier->repetitions >= alert->repetitions) alert->repetitions = earlier->repetitions + 1;
        if (earlier->stage == ALERT_CLOSED) alert_move(earlier, ALERT_GONE);
    }
}

static void take_begin(struct alert_policy *policy, struct alert *alert, struct alert_now now)
{
    if (!alert->is_in_doubt) alert_policy_charge(policy, now);
    count_repetitions(policy, alert);
    alert_move(alert, ALERT_OPEN);
    alert->begun_at = alert->told_at = now.wall;
    alert->due = now.monotonic + alert_reminder_ms(0);
}

static void take_reminder(struct alert_policy *policy, struct alert *alert, struct alert_now now)
{
    alert->reminders++;
    alert->told_at = now.wall;
    alert->due = now.monotonic + alert_reminder_ms(alert->reminders);
    alert->is_dirty = true;
    policy->reminder_due = now.monotonic + ALERT_HOUR_MS;
}

static struct alert *find_mine(struct alert_policy *policy, const struct alert *borrowed)
{
    return &policy->list[borrowed - policy->list];
}

static void fail(struct alert_policy *policy, const struct alert_message *message, enum alert_outcome outcome,
                 struct alert_now now)
{
    struct alert *first = find_mine(policy, message->alerts[0]);
    policy->pause_ms = policy->pause_ms > 0 ? 2 * policy->pause_ms : PAUSE_FIRST_MS;
    if (policy->pause_ms > PAUSE_MAX_MS) policy->pause_ms = PAUSE_MAX_MS;
    policy->pause_due = now.monotonic + policy->pause_ms;
    first->tries++;
    if (message->event != ALERT_BEGIN || outcome != ALERT_IN_DOUBT || first->is_in_doubt) return;
    alert_policy_charge(policy, now);
    first->is_in_doubt = first->is_dirty = true;
}

void alert_policy_sent(struct alert_policy *policy, const struct alert_message *message,
                       enum alert_outcome outcome, struct alert_now now)
{
    if (outcome != ALERT_TAKEN) {
        fail(policy, message, outcome, now);
        return;
    }
    policy->pause_ms = policy->pause_due = 0;
    for (size_t i = 0; i < message->count; i++) {
        struct alert *alert = find_mine(policy, message->alerts[i]);
        if (message->event == ALERT_BEGIN) take_begin(policy, alert, now);
        if (message->event == ALERT_REMINDER) take_reminder(policy, alert, now);
        if (message->event == ALERT_END) alert_close(alert, now);
    }
}
