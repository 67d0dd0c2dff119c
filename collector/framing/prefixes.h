/*
 * prefixes -- the namespace prefixes that open elements declare: a stack that is searched by a hash, because a sender
 * chooses how many of them there are. Pure.
 */
#ifndef COLLECTOR_FRAMING_PREFIXES_H
#define COLLECTOR_FRAMING_PREFIXES_H

#include "collector/framing/event.h"

#define PREFIXES_BUCKETS 256

struct prefixes { /* starts zeroed */
    struct prefixes_entry {
        struct slice prefix; /* borrowed */
        size_t depth;        /* of the element that declares it */
        size_t below;        /* the number of the next entry in its bucket; 0: none. Numbers begin with 1 */
    } * list;
    size_t count, capacity;
    size_t heads[PREFIXES_BUCKETS]; /* the number of the newest entry in each bucket */
};

void prefixes_fini(struct prefixes *prefixes);

bool prefixes_hold(const struct prefixes *prefixes, struct slice prefix);

/* `depth`: not less than in the calls before, but for what has been popped. */
void prefixes_push(struct prefixes *prefixes, struct slice prefix, size_t depth);

/* Removes what elements at this depth or deeper have declared. */
void prefixes_pop(struct prefixes *prefixes, size_t depth);

#endif
