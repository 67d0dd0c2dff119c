/*
 * reasons -- what the reasons of rejects mean, in fixed sentences for people: no text of a sender is in them.
 * docs/operating.md has the same in more words.
 */
#ifndef COLLECTOR_STATUS_REASONS_H
#define COLLECTOR_STATUS_REASONS_H

#include <stddef.h>

#define REASONS_COUNT 10

struct reason {
    const char *name;    /* as the spool has it */
    const char *meaning; /* what has come */
    const char *remedy;
};

extern const struct reason reasons[REASONS_COUNT];

#define REASONS_UNKNOWN_ELEMENT 0 /* its place */

/* The place of a reason; REASONS_COUNT: it is one of a newer program. */
size_t reasons_find(const char *name);

#endif
