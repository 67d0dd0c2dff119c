/*
 * answerer -- how a running program does what commands ask of it through the spool (common/control_client.h): one request at a
 * time, in slices, between its other work.
 *
 * Work that meets a locked or full disk is tried again, and a request is over only when its answer is in the spool. What
 * nobody waits for any more is left. What an earlier process was asked for is forgotten.
 */
#ifndef COMMON_CONTROL_SERVER_H
#define COMMON_CONTROL_SERVER_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/db.h"

struct request {
    int64_t id; /* 0: none */
    char *what, *argument;
};

/* What a slice of the work has come to. */
struct answer {
    struct buf text;          /* empty before each slice: how far it has come, or what came of it */
    bool is_done, has_failed; /* all of it; and not as was asked */
    int wait_ms;              /* before the next slice */
};

/* Who answers, and how. */
struct answerer_work {
    const char *program; /* "collector" or "uploader" */
    int poll_ms;         /* between two looks for requests */
    int idle_ms;         /* likewise, while nothing else keeps the program awake */
    /*
     * A slice of what `request`, which stays until `leave`, asks for.
     *   RES_RETRY                 the next one tries the same again
     *   RES_REFUSE, RES_BROKEN    that would not help: `why` is the answer
     */
    enum result (*do_slice)(void *context, const struct request *request, struct answer *answer,
                            struct why *why);
    void (*leave)(void *context); /* nothing is in work any more, done or not */
    void *context;
};

struct answerer;

/* Borrows `db`, and what `work` refers to. Never fails. */
struct answerer *answerer_new(struct db *db, const struct answerer_work *work);
void answerer_free(struct answerer *answerer); /* accepts NULL; leaves what is in work */

/* Does a part of what has been asked for, if anything. Returns how many ms the next call may wait. */
int answerer_tend(struct answerer *answerer);

#endif
