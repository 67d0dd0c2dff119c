/*
 * scheduler -- may something be sent now, and what? It holds all state of waiting. Pure: it does no I/O and knows no
 * clock; the caller brings the time (monotonic, in ms), tells it which batches are open and how each try has ended, and
 * does what scheduler_next() says.
 *
 * Scopes. A failure belongs to the endpoint, the identity, a kind, or one batch (uploader/batch/cause.h), and only what
 * lies in that scope waits (rest.h). Any answer of the store itself, a refusal too, ends an endpoint's rest; any
 * accepted signature an identity's; an object of the kind that is taken, the kind's. A batch that fails again after
 * another one was taken in the same scope has trouble of its own.
 *
 * Promises, which tests/unit/uploader/test_scheduler_worlds.c checks in random worlds:
 * 1. Work-conserving: no worker is idle for more than a second while something may be sent.
 * 2. Bounded rest: a rest ends at most 60 s after the last answer in its scope, or as late as the server has asked for,
 *    which is believed up to 5 minutes.
 * 3. Groups: refused batches of one kind, status and code rest as one. One representative is tried for each rest; when
 *    it is taken, all others may be tried, until more of them are refused again than are taken.
 * 4. Order: a batch that was never refused before one that was, then oldest first; but one start in four of a kind goes
 *    to its groups in turn, if one may be tried.
 * 5. Floor: nothing is tried before its rest ends, but after new credentials, a new start, or a person's command.
 * 6. Probes: while a scope is not known to work, one try at a time goes out in it. A probe holds its place for 60 s at
 *    most; then another batch may probe, on a spare worker if all others are held so long.
 * 7. Scouts: at most `ahead` batches of a kind that were not refused are sealed, those not counted whose try takes
 *    longer than a minute. After a refusal one more is sealed for each rest, and only when no other one is left that was
 *    not refused: so a stretch of refused batches of any length is passed. A scout that meets an outage stays the next
 *    to be tried, so an outage leaves one extra batch.
 * Consequence: from the moment at which the store takes everything in a scope, its workers are busy after at most 60 s,
 * what the server has asked for, and one probe's 60 s, until the scope is empty.
 *
 * Memory: about 80 bytes for each open batch, that is for each rest of a refusal that lasts: some 40 MB in a year.
 */
#ifndef UPLOADER_SHIP_SCHEDULER_H
#define UPLOADER_SHIP_SCHEDULER_H

#include "uploader/batch/batch.h"
#include "uploader/batch/cause.h"

#define SCHEDULER_WORKERS_MAX 16
#define SCHEDULER_PROVE_MS    3600000 /* without traffic in a kind, its destination is proven again */

struct scheduler_options {
    int workers; /* 1..SCHEDULER_WORKERS_MAX: tries at once; one more may run while all are held */
    int ahead;   /* batches of a kind that are sealed before they can be sent, 1 or more */
    bool is_on
        [BATCH_KIND_COUNT]; /* false: nothing is sealed, and of open batches only those that may be stored are
                                     tried, which then means: looked for */
    bool proves;            /* prove the destination where there is no traffic */
    uint32_t seed;
};

struct scheduler;

struct scheduler *scheduler_new(const struct scheduler_options *options, int64_t now); /* never fails */
void scheduler_free(struct scheduler *scheduler);                                      /* accepts NULL */

/* ---- what there is ---- */

/* A batch that is not shipped, superseded or abandoned. */
struct scheduler_batch {
    int64_t id; /* larger than that of every batch added before */
    enum batch_kind kind;
    int64_t first_id;
    bool may_be_stored;
    bool is_refused; /* it was refused for `cause`, and that was its own trouble */
    struct cause cause;
};

void scheduler_add(struct scheduler *scheduler, const struct scheduler_batch *batch, int64_t now);

/* It is settled without a try: superseded, abandoned, or shipped by a person's word. Not while a try of it runs. */
void scheduler_remove(struct scheduler *scheduler, int64_t batch_id, int64_t now);

/* So many requests of handlers (looks, puts again) wait to be sent; each is an errand without a batch. */
void scheduler_set_errands(struct scheduler *scheduler, int count);

/* SEAL was tried, and nothing of the kind is due: do not ask before `until`. */
void scheduler_not_due(struct scheduler *scheduler, enum batch_kind kind, int64_t until);

/* A person's command, or new credentials: every rest ends now. */
void scheduler_hurry(struct scheduler *scheduler, int64_t now);

/* ---- what to do ---- */

enum scheduler_action {
    SCHEDULER_WAIT, /* until `due`, or until a try ends */
    SCHEDULER_SEAL, /* seal the next batch of `kind`, if one is due: scheduler_add() or scheduler_not_due() */
    SCHEDULER_SHIP, /* try the batch `batch_id` */
    SCHEDULER_ERRAND, /* send one request that a handler waits for */
    SCHEDULER_PROVE,  /* prove that objects of `kind` may be put */
};

struct scheduler_step {
    enum scheduler_action action;
    enum batch_kind kind;
    int64_t batch_id;
    int64_t due; /* INT64_MAX: nothing will be due by itself */
};

/* Changes nothing. After WAIT nothing else can be done now. */
void scheduler_next(const struct scheduler *scheduler, int64_t now, struct scheduler_step *step);

/* The try that scheduler_next() has said, SHIP, ERRAND or PROVE, begins. Returns its number, above 0. */
int64_t scheduler_begin(struct scheduler *scheduler, const struct scheduler_step *step, int64_t now);

/* ---- how it has ended ---- */

enum scheduler_outcome {
    SCHEDULER_TAKEN, /* the store has taken the object; or the proof is good, however it was made */
    SCHEDULER_FOUND, /* the store was asked, and has answered: the object is there, or is not, or is another one */
    SCHEDULER_FAILED, /* for `cause` */
    SCHEDULER_UNFIT,  /* it was not sent, as the batch has trouble of its own: `cause` */
    SCHEDULER_LEFT,   /* nothing was learnt */
};

struct scheduler_answer {
    enum scheduler_outcome outcome;
    bool is_settled;                  /* the batch is no longer open */
    bool may_be_stored;               /* the batch, if it is still open */
    struct cause cause;               /* with FAILED and UNFIT */
    bool is_from_store, is_authentic; /* with FAILED: as in struct stored (store/store.h) */
    int64_t asked_ms;                 /* with FAILED: the pause that the server asks for; 0: none */
};

/* The scope for which a failure of this try counts, which may be narrower than that of its cause. Changes nothing. */
enum scope scheduler_scope_of(const struct scheduler *scheduler, int64_t number,
                              const struct scheduler_answer *answer);

/* The try is over. Returns the same scope. */
enum scope scheduler_end(struct scheduler *scheduler, int64_t number, const struct scheduler_answer *answer,
                         int64_t now);

/* ---- what stands in the way ---- */

/* Since when nothing works in this scope: when the first failed try of the present row began; -1: it works, as far as
 * is known. SCOPE_BATCH: whether batches of the kind are set aside, and since when. */
int64_t scheduler_failing_since(const struct scheduler *scheduler, enum scope scope, enum batch_kind kind);

/* How many batches of the kind are set aside. */
int64_t scheduler_refused_count(const struct scheduler *scheduler, enum batch_kind kind);

/* Is nothing of the kind left to be sent or sealed but batches that are set aside, each group refused after `since`? */
bool scheduler_is_stuck(const struct scheduler *scheduler, enum batch_kind kind, int64_t since, int64_t now);

/* Has anything been answered well in this kind since the start? */
bool scheduler_is_proven(const struct scheduler *scheduler, enum batch_kind kind);

/* How many tries run; and of this batch. */
int scheduler_running_count(const struct scheduler *scheduler);
bool scheduler_is_running(const struct scheduler *scheduler, int64_t batch_id);

#endif
