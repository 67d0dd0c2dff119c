/*
 * stream -- the bytes of one connection, and how many of them the kernel has taken.
 * A stream owns no bytes: event n of connection c is computed from c and n alone, in place in the ring, so it
 * can be made again whenever the rest of it is due. 4096 streams cost no more than one.
 */
#ifndef ACMSIM_STREAM_H
#define ACMSIM_STREAM_H

#include "tools/acmsim/ring.h"

struct stream {
    unsigned connection;
    char gateway[ID_DIGITS];
    uint64_t share;                  /* events to send in all */
    uint64_t granted;                /* events that may be sent by now */
    uint64_t sent;                   /* events wholly taken by the kernel */
    size_t offset;                   /* bytes taken of the event after those */
    uint64_t taken[EVENT_QUALITIES]; /* `sent` by quality */
    uint64_t bytes;
};

/* The part of the ring that is filled in, and for which stream. One serves all streams of a ring. */
struct filled_run {
    struct ring *ring; /* borrowed */
    const struct stream *owner;
    uint64_t first, end; /* events of the owner, counted from 0 */
};

/* Start stream number `connection` with `share` events to send and none granted. */
void stream_init(struct stream *stream, unsigned connection, uint64_t share, uint64_t seed);

/* Something granted is still to be sent, be it only the rest of an event. */
bool stream_is_due(const struct stream *stream);

/*
 * The next bytes to send: a run of granted events, of about 256 KB at most. The bytes stay valid until the
 * next call with any stream of this ring. 0 when nothing is due.
 */
size_t stream_peek(const struct stream *stream, struct filled_run *filled, const char **data);

/* The kernel took `length` of the bytes that stream_peek gave. */
void stream_take(struct stream *stream, const struct ring *ring, size_t length);

#endif
