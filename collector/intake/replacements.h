/*
 * replacements -- counts the characters that INVALID_CHARACTERS=replace has replaced, and logs them without filling the
 * log: at once, and then once a minute at most. All threads that validate share it.
 */
#ifndef COLLECTOR_INTAKE_REPLACEMENTS_H
#define COLLECTOR_INTAKE_REPLACEMENTS_H

#include "collector/framing/event.h"

#define REPLACEMENTS_PERIOD_MS 60000

struct replacements;

struct replacements *replacements_new(void);

/* Logs what has not been logged yet. Accepts NULL. */
void replacements_free(struct replacements *replacements);

/* `count` characters were replaced; the last of their senders is at `source`. `now`: monotonic ms, as below. */
void replacements_add(struct replacements *replacements, size_t count, struct slice source, int64_t now);

/* Logs the count if the last line is a minute old; to be called every few seconds. */
void replacements_log(struct replacements *replacements, int64_t now);

#endif
