/*
 * notifier -- the thread that tells people: alerts to ALERT_URL, and a sign of life to HEARTBEAT_URL.
 *
 * Every few seconds it gathers the status of the whole installation (common/status/), and does what the policy says
 * (policy.h). It has a connection to the spool and HTTP handles of its own, and shares nothing with the threads that ship:
 * however long a service takes, no object waits for it. Where the spool cannot be read or written, it goes on with what it
 * has in memory.
 *
 * The heartbeat is a GET every 60 s, and stays away while there is a critical problem, and when this process is dead.
 */
#ifndef UPLOADER_ALERT_NOTIFIER_H
#define UPLOADER_ALERT_NOTIFIER_H

#include "common/signals.h"
#include "common/why.h"

struct notifier_options {
    const char *spool_path;
    const char *alert_url, *heartbeat_url; /* NULL: not set */
};

struct notifier;

/*
 * Starts the thread, which ends within a second or two of a stop; `*notifier` is NULL if neither URL is set. The options'
 * texts and `signals` are borrowed.
 *   RES_BROKEN   libcurl or the thread does not start
 */
MUST_CHECK enum result notifier_open(struct notifier **notifier, const struct notifier_options *options,
                                     struct signals *signals, struct why *why);

/* Requests a stop of the whole program, and waits for the thread; accepts NULL. */
void notifier_close(struct notifier *notifier);

#endif
