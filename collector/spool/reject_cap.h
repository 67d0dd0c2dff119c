/*
 * reject_cap -- cuts a reject so that only its beginning is kept. `bytes` stays the length received, and the detail
 * says that the payload was cut, with the SHA-256 of the uncut payload. Pure.
 */
#ifndef COLLECTOR_SPOOL_REJECT_CAP_H
#define COLLECTOR_SPOOL_REJECT_CAP_H

#include "collector/framing/event.h"

#define REJECT_CAP_BYTES 4096 /* bytes of the payload that are kept */

struct capped_reject {
    struct reject reject; /* its detail points to `text` */
    char text[1024];
};

/* Fills in `capped`, which borrows the bytes of `reject`. The payload must be longer than REJECT_CAP_BYTES. */
void reject_cap(struct capped_reject *capped, const struct reject *reject);

#endif
