/*
 * screen -- what `verify` prints: a line for each step with the time since the event was sent, more about it below the
 * line, and the last line.
 */
#ifndef TOOLS_EVENTSPOOL_VERIFY_SCREEN_H
#define TOOLS_EVENTSPOOL_VERIFY_SCREEN_H

#include <stdint.h>

#include "common/status/status.h"
#include "common/why.h"

/* `how`: ok, wait, note or stop. What is printed may be lost, as on a full disk, which is said at the end of the command. */
void screen_line(const char *how, int64_t ms, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A sentence that belongs to the line above, such as a remedy; "" prints nothing. */
void screen_more(const char *text);

/* The reason, and the remedy below it. */
void screen_why(const char *how, int64_t ms, const struct why *why);

/* What else is wrong: it did not keep the event from arriving, and is worth knowing. */
void screen_problems(int64_t ms, const struct status *status);

#endif
