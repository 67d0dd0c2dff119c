/*
 * reminder -- when people are reminded of what goes on being wrong: after an hour, after four hours, then once for each
 * day that it has lasted. Pure.
 */
#ifndef COMMON_REMINDER_H
#define COMMON_REMINDER_H

#include <stdint.h>

/*
 * How many reminders are due within the first `lasts_ms` of a problem. Whoever has given fewer gives one now, and
 * counts all of them as given: what was missed, by a program that did not run, is not made up for.
 */
int reminder_count(int64_t lasts_ms);

#endif
