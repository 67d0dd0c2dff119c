/*
 * listening -- see listening.h. A reader takes `at` first and the noting thread writes it last, so nobody sees a look
 * together with the span before it.
 */
#include "collector/gate/listening.h"

#define PART       24    /* of the time that counts as silence: an hour of a day */
#define GAP_MIN_MS 20000 /* the gate is looked at every 5 s */

int64_t listening_gap_ms(int64_t silence_ms)
{
    int64_t gap_ms = silence_ms / PART;
    return gap_ms > GAP_MIN_MS ? gap_ms : GAP_MIN_MS;
}

struct listening_span listening_go_on(struct listening_span span, int64_t now, int64_t gap_ms)
{
    bool is_first = span.at == 0;
    if ((!is_first && now - span.at > gap_ms) || span.since > now) span.since = now;
    span.at = now;
    return span;
}

void listening_begin(struct listening *listening, int64_t gap_ms, const struct listening_span *last)
{
    listening->gap_ms = gap_ms;
    atomic_store(&listening->since, last->since);
    atomic_store(&listening->at, last->at);
}

void listening_note(struct listening *listening, int64_t now)
{
    struct listening_span span = listening_go_on(listening_load(listening), now, listening->gap_ms);
    atomic_store(&listening->since, span.since);
    atomic_store(&listening->at, span.at);
}

struct listening_span listening_load(struct listening *listening)
{
    int64_t at = atomic_load(&listening->at);
    return (struct listening_span){atomic_load(&listening->since), at};
}
