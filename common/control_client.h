/*
 * request -- what a command asks of a running program, through the spool. common/control_server.h is the other side.
 *
 * A request is a row. The asker leaves it, shows its progress and waits until it is answered. It lives no longer than
 * both: an asker that is told to stop withdraws it, and what an earlier process was asked for is forgotten. Nothing is
 * locked meanwhile, and nothing breaks when either is killed: whoever does the work makes it safe to ask for again.
 */
#ifndef COMMON_CONTROL_CLIENT_H
#define COMMON_CONTROL_CLIENT_H

#include "common/db.h"
#include "common/signals.h"

struct request_call {
    const char *spool_path;
    const char *program;  /* who is to do it: "collector" or "uploader" */
    const char *what;     /* a word that this program knows */
    const char *argument; /* "" for none */
    struct signals *signals;
    /*
     * NULL: the program runs, and does it. Else it does not, this process holds its lock, and each call does a part of
     * the work and says how many ms the next part can wait.
     */
    int (*work)(void *context);
    void *context;
};

/*
 * Asks and waits, with a line on stdout whenever the progress changes, and one at the end for what came of it.
 *   RES_RETRY    the running program has gone away or is too old, a signal came, the spool is locked: ask again later
 *   RES_BROKEN   it was tried and failed; `why` says what the program said
 */
MUST_CHECK enum result request_ask(struct db *db, const struct request_call *call, struct why *why);

#endif
