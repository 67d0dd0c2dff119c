/*
 * errands -- requests to the store that handlers wait for (reship, resolve): look whether a past object is there and,
 * where it is missing and that is wanted, put it again with the same bytes. The workers do them between the batches, so
 * the thread that owns the spool never waits for the network.
 */
#ifndef UPLOADER_SHIP_ERRANDS_H
#define UPLOADER_SHIP_ERRANDS_H

#include "uploader/store/store.h"

#define ERRANDS_MAX 8 /* at once */

enum errand_state { ERRAND_NEW, ERRAND_WANTED, ERRAND_RUNNING, ERRAND_ENDED };

/* All of it belongs to the handler, and must stay in its place until the errand has ended or is given up. */
struct errand {
    struct batch batch; /* whose object is meant */
    bool may_put;       /* put it again if it is missing, or if the store does not say */

    enum errand_state state;
    enum store_answer found; /* with ERRAND_ENDED: the answer to the look */
    bool has_put;            /* it was put again, with the answer */
    enum store_answer put;
    bool is_changed; /* its bytes are others than before, as a library was upgraded; then they are recorded */
    bool is_unrenderable; /* the bytes cannot be put again: `why` */
    struct stored stored; /* of the last answer */
    struct why why;       /* of a failure, or of what is in the way */
};

/* The errands that are wanted or run. All zero at first. */
struct errands {
    struct errand *list[ERRANDS_MAX]; /* borrowed; NULL: free */
};

/* Moves the errand on: new, wanted, running, ended; anything else is a mistake, and aborts. */
void errand_move(struct errand *errand, enum errand_state next);

/* True: it is wanted from now on. False: there are too many already. */
bool errands_want(struct errands *errands, struct errand *errand);

/* The errand has ended, or its handler has given it up. */
void errands_forget(struct errands *errands, const struct errand *errand);

/* How many are wanted and not running; the first of them, NULL: none. */
int errands_wanted(const struct errands *errands);
struct errand *errands_next(const struct errands *errands);

#endif
