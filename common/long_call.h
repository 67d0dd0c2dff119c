/*
 * long_call -- logs that one call takes long, while it does: a statement that rewrites a table, a log that is copied.
 * Nobody can say how far such a call is, but that it goes on, and for how long it has.
 *
 * A thread of its own does that, since the caller is in the call. Begin only after signals_open() (common/signals.h).
 */
#ifndef COMMON_LONG_CALL_H
#define COMMON_LONG_CALL_H

#include <stdint.h>

#define LONG_CALL_LOG_MS 10000 /* between two lines */

struct long_call;

/*
 * Logs a line each `every_ms` from now on, the first after so long. `what` is a constant text, as "settling the log".
 * Where no thread can be had, nothing is logged.
 */
struct long_call *long_call_begin(const char *what, int64_t every_ms);

/* The call has ended: nothing is logged after that. Accepts NULL. */
void long_call_end(struct long_call *call);

#endif
