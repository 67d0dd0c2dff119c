/*
 * control_server -- how a running program serves the requests that commands leave for it in the spool
 * (common/control_client.h is their side).
 *
 * The program has one handler for each action that it knows. Requests for different actions are served side by side, so
 * that a long one does not hold up the others. Requests for the same action are served one after the other, in the
 * order in which they were left. The work is done in slices, between the program's other work, by the thread that calls
 * control_server_poll(). No transaction stays open between two slices.
 *
 * A slice that meets a locked spool or a full disk is repeated, and a request is over only when its result is in the
 * spool. When a request is withdrawn, the work on it is given up. Requests that were left for an earlier process are
 * deleted at the first poll; the commands that wait for them see that and end.
 */
#ifndef COMMON_CONTROL_SERVER_H
#define COMMON_CONTROL_SERVER_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/db.h"
#include "common/progress.h"

/* What the work on a request has come to, after a slice. */
struct control_response {
    /* empty before each slice: the progress or, with `is_done`, the result; a line for a person */
    struct buf text;
    struct progress progress; /* likewise: the figures, where there are some */
    bool is_done;             /* nothing is left to do */
    bool has_failed;          /* with `is_done`: not all that was requested could be done */
    int wait_ms;              /* how long the next slice can wait */
};

/* How the requests for one action are served. */
struct control_handler {
    const char *action;

    /*
     * Begins the work on a request. `argument` is borrowed until `end`. A handler without state leaves `*work` NULL.
     * The results mean the same as those of `do_slice`.
     */
    enum result (*begin)(void *context, const char *argument, void **work, struct why *why);

    /*
     * Does some milliseconds of the work.
     *   RES_RETRY                 the same slice is tried again after a second
     *   RES_REFUSE, RES_BROKEN    trying again would not help: the request has failed, and `why` is its result
     */
    enum result (*do_slice)(void *context, void *work, struct control_response *response, struct why *why);

    void (*end)(void *work); /* frees the work, whether it is done or given up; accepts NULL */
};

struct control_server_options {
    const char *program;                    /* "collector" or "uploader" */
    int poll_ms;                            /* between two queries for new requests */
    int idle_ms;                            /* the same, while nothing else keeps the program awake */
    const struct control_handler *handlers; /* a NULL action ends the table */
    void *context;                          /* for the handlers */
    int64_t born_at; /* wall clock: requests from before it were left for an earlier process; 0: now */
};

struct control_server;

/* Borrows `db`, and everything that `options` points to, until control_server_free(). Never fails. */
struct control_server *control_server_new(struct db *db, const struct control_server_options *options);
void control_server_free(
    struct control_server *server); /* accepts NULL; gives up the work that is in progress */

/* Does one slice of each request that is due. Returns for how many ms the next call can wait. */
int control_server_poll(struct control_server *server);

#endif
