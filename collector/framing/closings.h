/*
 * closings -- searches for the ends of comments and CDATA sections. Pure.
 *
 * For each kind of end, in each coding, it remembers what it has searched and what it found. So no byte is looked at
 * twice, however many of these begin behind each other and end nowhere.
 */
#ifndef COLLECTOR_FRAMING_CLOSINGS_H
#define COLLECTOR_FRAMING_CLOSINGS_H

#include "collector/framing/coding.h"
#include "collector/framing/window.h"

enum closing {
    CLOSING_COMMENT, /* `-->` */
    CLOSING_CDATA,   /* `]]>` */
    CLOSING_COUNT
};

/* UTF-16 may begin at an even or at an odd byte: these are two searches. */
#define CLOSINGS_PLACES (CODING_COUNT + 2)

struct closings {
    struct closing_search {
        uint64_t from, to; /* has been searched */
        bool is_found;     /* then it ends at `to` */
        struct coding_state state;
        char last[2]; /* units before `to` */
    } searches[CLOSINGS_PLACES][CLOSING_COUNT];
};

/*
 * The first end whose first byte is not before `from`: `*end` is behind it. False: there is none before `limit`, as far
 * as the window goes.
 */
bool closings_find(struct closings *closings, const struct window *window, enum coding coding,
                   enum closing closing, uint64_t from, uint64_t limit, uint64_t *end);

#endif
