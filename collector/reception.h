/*
 * reception -- what all connections share on the way from a frame to the intake: the validator, the buffer that sockets
 * are read into, the counts. One thread.
 */
#ifndef COLLECTOR_RECEPTION_H
#define COLLECTOR_RECEPTION_H

#include <stddef.h>
#include <stdint.h>

#include "collector/intake.h"

#define RECEPTION_READ_BYTES ((size_t)256 << 10)

struct frame; /* collector/framer.h */
struct reception;

/* Borrows `element` and `intake` for its life. */
struct reception *reception_new(const char *element, size_t max_message, struct intake *intake);
void reception_free(struct reception *reception); /* accepts NULL */

/* A framer as this reception's settings want it; the caller frees it. */
struct framer *reception_new_framer(const struct reception *reception);

/* The buffer for one read: RECEPTION_READ_BYTES, free again once its frames have been taken. */
char *reception_buffer(struct reception *reception);

/* Puts one frame, validated, into the intake as an event or a reject. */
void reception_take(struct reception *reception, const struct frame *frame, const char *source,
                    int64_t received_at);

/* One line in the log for the rejects since the last call, if there were any. */
void reception_log_rejects(struct reception *reception);

struct reception_counts {
    uint64_t events, rejects; /* since the start */
};
struct reception_counts reception_counts(const struct reception *reception);

#endif
