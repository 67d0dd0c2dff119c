/*
 * ring -- the template events of all connections, one behind the other in one buffer.
 * Event n of a connection is sent from template n modulo their number, so long runs go out without copying.
 */
#ifndef ACMSIM_RING_H
#define ACMSIM_RING_H

#include "tools/acmsim/options.h"
#include "tools/acmsim/render.h"

struct ring {
    struct bytes bytes;
    struct template *templates; /* owned */
    unsigned count;
};

/* Render all templates; the same options give the same bytes. */
void ring_init(struct ring *ring, const struct options *options);
void ring_fini(struct ring *ring);

#endif
