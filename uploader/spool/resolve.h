/*
 * resolve -- a person's word on a batch that cannot go on by itself: it counts as shipped, its rows are sealed anew, or they
 * are given up. What was decided, by whom and when, stays with the batch that was spoken about.
 */
#ifndef UPLOADER_SPOOL_RESOLVE_H
#define UPLOADER_SPOOL_RESOLVE_H

#include "uploader/spool/replace.h"

#define RESOLVE_TEXT_SIZE 400
#define RESOLVE_NOTE_MAX  1000

/* Why the uploader gives rejects up by itself. */
#define SPOOL_NOT_SHIPPED_NOTE "REJECTS_PREFIX=none: old rejects are purged without having been shipped"

enum resolve_word { RESOLVE_SHIPPED, RESOLVE_RESEAL, RESOLVE_ABANDONED, RESOLVE_WORD_COUNT };

const char *resolve_word_name(enum resolve_word word);
bool resolve_word_of(const char *name, enum resolve_word *word); /* false: no word has this name */

/* ---- may it be done? Pure ---- */

/* What the decision depends on. */
struct resolve_case {
    enum batch_kind kind;
    enum batch_state state;
    bool may_be_stored; /* batch_may_be_stored() */
    bool is_in_flight;  /* a try goes on now */
    bool has_all_rows;  /* none of its rows was purged */
    bool is_kind_on;    /* this kind of batch is shipped now */
    bool is_copy;       /* `reship --new-keys` has made it: its rows are in another batch, too */
    int64_t count;      /* rows */
};

enum resolve_verdict {
    RESOLVE_YES,
    RESOLVE_WAIT, /* until the try that goes on has ended; then decide again */
    RESOLVE_NO,
    RESOLVE_DONE, /* it is so already */
};

struct resolve_decision {
    enum resolve_verdict verdict;
    char text[RESOLVE_TEXT_SIZE]; /* a sentence for the person: what it means, or why it cannot be done */
};

void resolve_decide(const struct resolve_case *c, enum resolve_word word, struct resolve_decision *decision);

/* ---- do it ---- */

struct resolve_order {
    int64_t batch_id;
    enum resolve_word word;
    const char *by;     /* who: the peer of the control channel */
    const char *note;   /* NULL: none */
    bool is_in_flight;  /* as in struct resolve_case */
    bool ships_rejects; /* REJECTS_PREFIX is not none */
};

/* Loads the batch and decides; nothing changes. `batch` is the batch as it is; its id is 0 if there is none. */
MUST_CHECK enum result spool_resolve_look(struct spool_out *out, const struct resolve_order *order,
                                          struct batch *batch, struct resolve_decision *decision,
                                          struct why *why);

/*
 * Decides, and where the verdict is RESOLVE_YES does it, in one durable transaction: whatever is killed when, all of it has
 * happened or nothing. `shape` is for a reseal: how the rows are sealed now. `*parts` are the batches that a reseal has made.
 *   RES_REFUSE   there is no such batch; or a reseal has found rows missing
 */
MUST_CHECK enum result spool_resolve(struct spool_out *out, const struct resolve_order *order,
                                     const struct new_shape *shape, struct resolve_decision *decision,
                                     struct cut_parts *parts, struct why *why);

/*
 * Gives a batch up in a transaction of the caller, for the uploader itself; its rows may be purged when those that were
 * settled at `kept_from` may.
 */
MUST_CHECK enum result spool_resolve_abandon(struct spool_out *out, struct batch *batch, int64_t kept_from,
                                             const char *note, struct why *why);

#endif
