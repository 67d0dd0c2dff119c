/*
 * steps -- the steps of a job on the side of the thread that owns the spool: what has to be durable before a worker may
 * do the next phase, and what follows from its answer.
 */
#ifndef UPLOADER_SHIP_STEPS_H
#define UPLOADER_SHIP_STEPS_H

#include "uploader/ship/errands.h"
#include "uploader/ship/outcomes.h"
#include "uploader/ship/sealer.h"
#include "uploader/ship/workers.h"

struct steps {
    struct spool_out *spool; /* all are borrowed */
    const struct store *store;
    struct workers *workers;
    struct outcomes *outcomes;
    struct errands *errands;
    const struct sealer *sealer;
    struct throttle *throttle;
    struct turn *turn; /* of the thread that owns the spool */
    bool is_ending;    /* no further phase begins */
};

/*
 * Begins a job that is idle, has its number and its purpose, and what that needs: a batch, an errand, or a document's
 * batch, body and rendition. It may be over at once: then it is idle again, and its outcome recorded.
 *   RES_RETRY, RES_BROKEN   as in spool.h; nothing has begun, and nothing is recorded
 */
MUST_CHECK enum result steps_begin(struct steps *steps, struct job *job, struct why *why);

/* A worker has ended a phase of the job: begins the next one, or records the outcome. The errors as above: call again. */
MUST_CHECK enum result steps_go_on(struct steps *steps, struct job *job, struct why *why);

#endif
