/*
 * outage -- the store takes no object now: how long to wait, and one log line when that begins and when it ends.
 */
#ifndef UPLOADER_SHIP_OUTAGE_H
#define UPLOADER_SHIP_OUTAGE_H

#include "uploader/store/store.h"

struct outage {
    int failures;        /* in a row; 0: there is no outage */
    int64_t next_try_at; /* monotonic */
    int64_t since;       /* monotonic */
    int64_t failed_at;   /* monotonic: the last failure */
    struct why why;      /* of the last failure */
    enum store_answer answer;
};

/*
 * How long to wait after the nth failure in a row, 1 the first: longer where a person must act, never shorter than
 * requested.
 */
int64_t outage_pause_ms(enum store_answer answer, int failures, int64_t requested_ms);

/* Does a person have to act? */
bool outage_needs_person(enum store_answer answer);

/*
 * A try that began at `began` (monotonic) has failed. True: this is news, as an outage has begun, or has another reason
 * than before; then it has been logged with `what`, e.g. kind=events batch=7.
 */
bool outage_add(struct outage *outage, enum store_answer answer, int64_t requested_ms, const struct why *why,
                int64_t began, const char *what);

/* A try has succeeded. True: an outage has ended, which has been logged. */
bool outage_end(struct outage *outage);

/* A try begins: during an outage, the next one begins only after its outcome, or after a while. */
void outage_probe(struct outage *outage);
bool outage_is_waiting(const struct outage *outage);

/* Logs that an upload has failed. */
void outage_log(const char *what, const struct why *why);

#endif
