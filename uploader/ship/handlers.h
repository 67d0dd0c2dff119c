/*
 * requests -- what commands ask of the uploader through the spool (common/control_client.h): "dismiss" marks rejects as seen to,
 * "reship" sends past batches again.
 *
 * One request at a time, in slices, between the shipper's turns: a slice is some milliseconds, or one object.
 */
#ifndef UPLOADER_SHIP_HANDLERS_H
#define UPLOADER_SHIP_HANDLERS_H

#include "uploader/ship/reship.h"

#define REQUESTS_DISMISS "dismiss" /* argument: the rejects' ids, "" for all */
#define REQUESTS_RESHIP  "reship"  /* argument: reship_order_write() */

struct requests;

/* What the parts borrow is borrowed. Never fails. */
struct requests *requests_new(const struct reship_parts *parts);
void requests_free(struct requests *requests); /* accepts NULL */

/* Does a part of what has been asked for, if anything. Returns how many ms the next call may wait. */
int requests_tend(struct requests *requests);

#endif
