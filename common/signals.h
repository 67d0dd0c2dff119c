/*
 * signals -- requests to stop, as one readable descriptor.
 *
 * Call signals_open() before the first thread starts: it blocks SIGTERM and SIGINT for all of them and ignores SIGPIPE.
 * Any thread may ask whether to stop.
 */
#ifndef COMMON_SIGNALS_H
#define COMMON_SIGNALS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "common/why.h"

struct signals {
    int fd;                   /* readable when a request waits; for poll(2) or an event loop */
    atomic_bool stop_pending; /* a request has been read and stays true */
};

MUST_CHECK enum result signals_open(struct signals *signals, struct why *why);
void signals_close(struct signals *signals);

/* Asks this process itself to stop, as SIGTERM from outside does; any thread may. */
void signals_raise_stop(void);

/* Has a stop been asked for? Never blocks; once true it stays true. */
bool signals_stop_requested(struct signals *signals);

/* As if a signal had come: for a program that ends by itself. */
void signals_request_stop(struct signals *signals);

/* Sleeps until `timeout_ms` have passed or a stop is asked for; returns signals_stop_requested(). */
bool signals_wait(struct signals *signals, int timeout_ms);

#endif
