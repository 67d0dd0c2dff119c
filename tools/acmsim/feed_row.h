/* feed_row -- a feed as patterns of text: a row of the table of feeds. */
#ifndef ACMSIM_FEED_ROW_H
#define ACMSIM_FEED_ROW_H

#include "tools/acmsim/feed_pack.h"

#include <stddef.h>

/*
 * In the patterns {n} is the event's number in 16 hexadecimal digits, {i} the same in decimal, {e} the name of an
 * event and {d} that of a door; another brace stands for itself. A pattern that is NULL is nothing.
 */
struct feed {
    const char *name;
    const char *meaning;          /* what it is */
    const char *settings;         /* of the collector, that help; NULL: none is needed */
    const char *outcome;          /* what comes out with them, or with the defaults */
    const char *head;             /* before the first event: no pattern, and never packed */
    size_t head_bytes;            /* of a head that holds NUL; 0: it ends at its first one */
    const char *before, *after;   /* around each event */
    const char *event;            /* one event */
    const char *spoilt, *spoilt2; /* in place of some events, in turn */
    unsigned spoilt_every;        /* 0: the first event alone is spoilt */
    feed_pack_function *pack;     /* NULL: the bytes as they are */
};

extern const struct feed feed_rows[];
extern const size_t feed_row_count;

#endif
