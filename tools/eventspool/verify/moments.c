/* moments -- see moments.h. */
#include "tools/eventspool/verify/moments.h"

#include "common/clock.h"

void moments_begin(struct moments *moments)
{
    *moments = (struct moments){.sent = clock_monotonic_ms()};
    moments->shipped = moments->sent;
}

int64_t moments_since(int64_t moment)
{
    return moment == 0 ? FACTS_NEVER : clock_monotonic_ms() - moment;
}

/* Remembers since when something is so; what is not so any more begins anew the next time. */
static void note(int64_t *moment, bool is_so)
{
    if (!is_so) *moment = 0;
    if (is_so && *moment == 0) *moment = clock_monotonic_ms();
}

/* Is the event to be shipped now? What waits before it may have been due for long. */
static bool is_due(const struct verify_facts *facts)
{
    const struct status *status = facts->status;
    bool is_known =
        facts->event_id > 0 && status->events_received >= facts->event_id; /* it may be of before */
    return is_known &&
           (facts->is_flushed || facts->batch_id > 0 || status_next_due_at(status) <= status->now);
}

void moments_note(struct moments *moments, struct verify_facts *facts, bool is_closed)
{
    const struct status *status = facts->status;
    if (status->last_shipped_at != moments->last_shipped_at) {
        moments->last_shipped_at = status->last_shipped_at;
        moments->shipped = clock_monotonic_ms();
    }
    note(&moments->closed, is_closed);
    note(&moments->due, moments->due != 0 || is_due(facts)); /* a clock that jumps back does not undo it */
    facts->waited_ms = moments_since(moments->sent);
    facts->closed_ms = moments_since(moments->closed);
    facts->due_ms = moments_since(moments->due);
    facts->quiet_ms = moments_since(moments->shipped);
    for (int code = 0; code < PROBLEM_COUNT; code++) {
        note(&moments->problems[code], status_has(status, (enum problem_code)code));
        facts->problem_ms[code] = moments_since(moments->problems[code]);
    }
}
