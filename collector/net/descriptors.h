/*
 * descriptors -- ensures that the process may open as many files as MAX_CONNECTIONS needs.
 */
#ifndef COLLECTOR_NET_DESCRIPTORS_H
#define COLLECTOR_NET_DESCRIPTORS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/why.h"

#define DESCRIPTORS_OWN   64 /* for the spool, the log, the event loop and the status, with some to spare */
#define DESCRIPTORS_LEAST 24 /* what these take at least, and one sender; 20 were seen */
#define DESCRIPTORS_STATUS                                                                                   \
    12 /* what the status takes at least; 6 were seen, and its connections come to that */

/*
 * Raises the process's soft limit of open files to what `connections` senders need, and those that may wait for a
 * place, or at a stop to be accepted, as far as the hard limit allows. Never lowers it.
 *   RES_REFUSE   the limit stays too low: fewer senders fit; `why` says how many, and what a person can do
 */
MUST_CHECK enum result descriptors_allow(int64_t connections, struct why *why);

/*
 * Are DESCRIPTORS_LEAST free now, and DESCRIPTORS_STATUS if there is one? With less the collector cannot begin; libevent would end the process. To be called
 * while there is no other thread.
 *   RES_RETRY   they are not; there is a remedy
 */
MUST_CHECK enum result descriptors_check(bool has_status, struct why *why);

/* How many of `connections` senders the present limit allows, with DESCRIPTORS_OWN left for other files. At least 1. */
int64_t descriptors_places(int64_t connections);

#endif
