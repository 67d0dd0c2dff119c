/*
 * screen -- a status on one screen for a person: the verdict first, then what is wrong and what to do, then the figures.
 */
#ifndef COMMON_STATUS_SCREEN_H
#define COMMON_STATUS_SCREEN_H

#include <stdio.h>

#include "common/status/status.h"

void status_print(FILE *out, const struct status *status);

/* `3 days`, `5 h`, `12 min`, `40 s`: a time as people say it, by its largest unit that is at least 2 (days from 2 on). */
#define SCREEN_SPAN_SIZE 24
const char *screen_span(int64_t ms, char out[SCREEN_SPAN_SIZE]);

#endif
