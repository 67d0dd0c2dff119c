/*
 * control_client -- how a command makes a running program do something, through the spool.
 *
 * A request is a row. The command leaves it, shows its progress and waits for its result; the program's
 * common/control_server.h serves it. Nothing is locked meanwhile. A request ends with the command or the program: a
 * command that has to stop withdraws it, and a program that starts deletes the requests that were left for an earlier
 * process. Either may be killed at any time, so the work behind every action must be safe to request again.
 */
#ifndef COMMON_CONTROL_CLIENT_H
#define COMMON_CONTROL_CLIENT_H

#include "common/buf.h"
#include "common/db.h"
#include "common/signals.h"

struct control_call { /* all pointers are borrowed for the call */
    const char *spool_path;
    const char *program;  /* which has to do it: "collector" or "uploader" */
    const char *action;   /* a word that this program knows */
    const char *argument; /* "" for none */
    struct signals *signals;
    /*
     * NULL if the program runs. Else this process holds the program's lock and serves the requests itself: each call
     * does a part of the work, and `*wait_ms` is how long the next part can wait. RES_RETRY does not end the waiting.
     */
    enum result (*serve)(void *context, int *wait_ms, struct why *why);
    void *context;

    /*
     * For a question that a program answers, and no person: its answer is appended here, and nothing is printed. NULL: the
     * result is for a person.
     */
    struct buf *answer;
    int patience_ms; /* with `answer`: how long to wait for it */
};

/*
 * Leaves the request and waits until it is over. Prints a line on stdout whenever the progress has changed, and the
 * result at the end. Where the progress has figures, they are shown on stderr (common/progress_line.h): on a terminal
 * instead of the lines on stdout, if that is one, too.
 *   RES_RETRY    the running program has gone away, a stop was requested, the spool is locked, or there was no answer in
 *                time: try again later
 *   RES_BROKEN   the request has failed, and `why` is the program's explanation; or `serve` has failed
 */
MUST_CHECK enum result control_client_run(struct db *db, const struct control_call *call, struct why *why);

#endif
