/*
 * reject_cap -- a reject of which only the beginning is kept: its bytes are cut, its true length stays, and its detail
 * says so, with a checksum of what came. Pure.
 */
#ifndef COLLECTOR_SPOOL_REJECT_CAP_H
#define COLLECTOR_SPOOL_REJECT_CAP_H

#include "collector/framing/event.h"

#define REJECT_CAP_BYTES 4096

struct capped_reject {
    struct reject reject; /* its detail points into the text below */
    char text[1024];
};

/* Fills in `capped`, which borrows from `reject` for as long as it is used. The payload is longer than REJECT_CAP_BYTES. */
void reject_cap(struct capped_reject *capped, const struct reject *reject);

#endif
