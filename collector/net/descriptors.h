/*
 * descriptors -- as many open files as MAX_CONNECTIONS needs.
 */
#ifndef COLLECTOR_NET_DESCRIPTORS_H
#define COLLECTOR_NET_DESCRIPTORS_H

#include <stdint.h>

#include "common/why.h"

#define DESCRIPTORS_OWN 64 /* besides the senders': the spool, the log, the event loop */

/*
 * Raises the process's soft limit of open files to what so many senders need, as far as the hard limit allows. It never
 * lowers it.
 *   RES_REFUSE   the hard limit is too low: fewer senders fit, `why` says how many and what to do
 */
MUST_CHECK enum result descriptors_allow(int64_t connections, struct why *why);

/* How many of so many senders fit into the limit in force, so that there is always a descriptor left for the spool. */
int64_t descriptors_places(int64_t connections);

#endif
