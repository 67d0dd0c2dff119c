/*
 * intake -- validated events on their way to the disk: bounded, handed over group by group.
 *
 * Two sides. The receiving thread fills a group and offers it; the writer takes whole groups. While the disk works on
 * one group a second may wait and a third fills, so neither side waits for the other until the disk is behind; then
 * intake_is_full() says so, and the receiver stops reading sockets. There is no timer: an idle system hands over each
 * event at once, a busy one thousands together.
 */
#ifndef COLLECTOR_INTAKE_H
#define COLLECTOR_INTAKE_H

#include <stdbool.h>

#include "common/why.h"

struct group; /* collector/group.h */
struct intake;

/* RES_BROKEN when no descriptor is to be had. */
MUST_CHECK enum result intake_open(struct intake **intake, struct why *why);
void intake_close(struct intake *intake); /* accepts NULL; the writer has ended */

/* ---- the receiving thread ---- */

/* The group that is being filled. */
struct group *intake_filling(struct intake *intake);

/* Hands over what has been filled, if it can be taken now; else it goes on filling. */
void intake_offer(struct intake *intake);

/* The group is full and cannot be handed over: read no more until the descriptor below becomes readable. */
bool intake_is_full(struct intake *intake);

/* As intake_is_full(), but sleeps until it is not, or for `timeout_ms`; returns whether it is still full. */
bool intake_wait_for_room(struct intake *intake, int timeout_ms);

/* Readable after the writer has taken or finished a group; intake_acknowledge() makes it unreadable. */
int intake_fd(const struct intake *intake);
void intake_acknowledge(struct intake *intake);

/* No more will come: intake_take() returns NULL after the last group. Blocks until the last group can be handed over. */
void intake_finish(struct intake *intake);

/* ---- the writer ---- */

/* The next group, whole, borrowed until intake_done(); sleeps until there is one. NULL: there will be none. */
struct group *intake_take(struct intake *intake);
void intake_done(struct intake *intake, struct group *group);

/* Sleeps for `ms`, less when intake_finish() is called; returns whether it has been. For waiting between tries. */
bool intake_wait_for_close(struct intake *intake, int ms);

#endif
