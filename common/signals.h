/*
 * signals -- requests to stop (SIGTERM, SIGINT, SIGHUP, SIGQUIT), as one readable descriptor.
 *
 * Call signals_open() before the first thread starts: it blocks the signals for all threads and ignores SIGPIPE and
 * SIGXFSZ, so that a write which they would end the program for fails instead. SIGHUP and SIGQUIT stay ignored where whoever started the program has them ignored, as nohup(1) does. Any thread may call the
 * other functions, but for signals_stop_again().
 */
#ifndef COMMON_SIGNALS_H
#define COMMON_SIGNALS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/why.h"

struct signals {
    int fd;                   /* readable when a signal has come; for poll(2) or an event loop */
    atomic_bool stop_pending; /* a stop has been requested; stays true */
    _Atomic int64_t since;    /* monotonic ms: when that was seen */
};

/* RES_BROKEN if the system has no descriptor for it; `fd` is -1 then. */
MUST_CHECK enum result signals_open(struct signals *signals, struct why *why);
void signals_close(struct signals *signals);

/* Sends SIGTERM to this process. */
void signals_raise_stop(void);

/* Has a stop been requested? Never blocks; once true it stays true. */
bool signals_stop_requested(struct signals *signals);

/*
 * A stop has been requested: has another signal come since, at least SIGNALS_AGAIN_MS later? Then whoever sent it does
 * not want to wait any more. (Ctrl-C may reach a program twice, from the terminal and from the script that started it.)
 * Never blocks; one thread only.
 */
#define SIGNALS_AGAIN_MS 300
bool signals_stop_again(struct signals *signals);

/* Requests a stop without a signal: for a program that ends by itself. */
void signals_request_stop(struct signals *signals);

/* Sleeps for `timeout_ms`, or until a stop is requested; returns signals_stop_requested(). */
bool signals_wait(struct signals *signals, int timeout_ms);

#endif
