/*
 * moments -- when things were seen first, by the monotonic clock; and from that, in the facts, for how long they last.
 */
#ifndef TOOLS_EVENTSPOOL_VERIFY_MOMENTS_H
#define TOOLS_EVENTSPOOL_VERIFY_MOMENTS_H

#include "tools/eventspool/verify/facts.h"

/* Each is 0 while it has not been seen, or is over. */
struct moments {
    int64_t sent, closed, due;
    int64_t shipped;         /* when the time of the last shipment has changed */
    int64_t last_shipped_at; /* that time, as the spool has it */
    int64_t problems[PROBLEM_COUNT];
};

void moments_begin(struct moments *moments); /* the event is sent now */

/* Brings the times in the facts up to date with the facts, as they are now. */
void moments_note(struct moments *moments, struct verify_facts *facts, bool is_closed);

/* Milliseconds since a moment; FACTS_NEVER if that is 0. */
int64_t moments_since(int64_t moment);

#endif
