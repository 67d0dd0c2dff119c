/*
 * publisher -- the thread that puts the status document under STATUS_PREFIX: `<STATUS_PREFIX><node>.json`, every 5 minutes
 * and soon after the start, for whoever watches many installations through the bucket.
 *
 * It has a connection to the spool of its own and a store of its own, which shares keys and what was learnt about the
 * server with those that ship (store.h). It is a thread beside the notifier's, because a store that hangs is to hold up
 * neither alerts nor heartbeats. A document that is refused holds nothing up and is no problem of events: that it begins
 * and that it ends is logged, and the next one is tried when it is due.
 */
#ifndef UPLOADER_ALERT_PUBLISHER_H
#define UPLOADER_ALERT_PUBLISHER_H

#include "common/signals.h"
#include "common/why.h"
#include "uploader/store/store.h"

struct publisher_options {
    const char *spool_path;
    const char *prefix; /* ends in a slash; NULL: not set */
};

struct publisher;

/*
 * Starts the thread; `*publisher` is NULL if the prefix is not set. It must be closed before `store`. The options' texts and
 * `signals` are borrowed. After a stop it ends within a second or two, or when the keys that are asked for have come.
 *   RES_BROKEN   libcurl or the thread does not start
 */
MUST_CHECK enum result publisher_open(struct publisher **publisher, const struct publisher_options *options,
                                      const struct store *store, struct signals *signals, struct why *why);

/* Requests a stop of the whole program, and waits for the thread; accepts NULL. */
void publisher_close(struct publisher *publisher);

#endif
