/*
 * gate -- may this program read? One set of reasons not to, and what each of them means to everybody who asks.
 *
 * The gate is open while no reason holds. Each reason has one module that raises it and the same one clears it, so that
 * no two can disagree, and clearing one leaves the others. The set belongs to the thread of the event loop: it alone
 * changes it and decides by it. Other threads see a copy (gate_seen()) and post to it, and what they posted is taken when gate_fd() is readable.
 *
 * Everything that depends on whether the program reads asks here and keeps no flag of its own: the network side, the
 * start, the stop, the problems that people and other programs see. Whether one connection is read now, for memory's
 * sake, is another question, which is asked after this one (collector/net/clients.h).
 */
#ifndef COLLECTOR_GATE_GATE_H
#define COLLECTOR_GATE_GATE_H

#include <stdbool.h>

#include "common/problems.h"

/* docs/architecture.md has the table: raised by, ended by, message, remedy, what health checks answer. */
enum gate_reason {
    GATE_STARTING,       /* the spool cannot be written yet */
    GATE_COMMIT_FAILING, /* what has been read cannot be committed now */
    GATE_WAL_LOST,       /* the spool's write-ahead log was deleted or replaced: until a restart */
    GATE_SPOOL_REPLACED, /* the spool was deleted or replaced while it was in use */
    GATE_SCHEMA_TOO_NEW, /* a newer program has changed the schema: until this program is upgraded */
    GATE_PAUSED_DISK,    /* less than SPOOL_MIN_FREE is free, or there is no place for the reserve */
    GATE_PAUSED_CEILING, /* the spool holds SPOOL_MAX_SIZE */
    GATE_STOPPING,       /* a stop was requested */
    GATE_REASON_COUNT
};

/* What a stop does with bytes that had arrived before it, while the reason holds. */
enum gate_stop {
    GATE_STOP_READS, /* reads them and commits them, as far as that is possible within the time for a stop */
    GATE_STOP_SAVES, /* reads no more, and tries to commit what has been read */
    GATE_STOP_LEAVES /* nothing has been read: says what it leaves */
};

struct gate_kind {
    const char *code; /* as in the list of problems */
    enum problem_code problem;
    enum gate_stop at_stop;
};

const struct gate_kind *gate_kind(enum gate_reason reason);

struct gate;

/*
 * A closed gate: GATE_STARTING holds. Each reason that is raised or cleared begins or ends its problem in `problems`,
 * which is borrowed until gate_free(). NULL if the process is out of descriptors: then `why` explains it.
 *   RES_RETRY   the process is out of descriptors
 */
MUST_CHECK enum result gate_open(struct gate **gate, struct problems *problems, struct why *why);
void gate_close(struct gate *gate); /* accepts NULL; no other thread may post any more */

/* ---- the thread of the event loop ---- */

/* The reason holds, with a sentence and what a person can do. Again: the texts may have changed. Texts are copied. */
void gate_raise(struct gate *gate, enum gate_reason reason, const char *message, const char *remedy);

/* The reason does not hold any more. Does nothing where it did not. */
void gate_clear(struct gate *gate, enum gate_reason reason);

bool gate_is_open(const struct gate *gate);
bool gate_holds(const struct gate *gate, enum gate_reason reason);

/* The code of the first reason that holds; NULL if the gate is open. */
const char *gate_code(const struct gate *gate);

/* What a stop has to do: the least that any of the reasons allows. */
enum gate_stop gate_at_stop(const struct gate *gate);

/* Readable when something has been posted; then gate_take() is due, which applies it. Borrowed. */
int gate_fd(const struct gate *gate);
void gate_take(struct gate *gate);

/* ---- any thread ---- */

/* The reasons that held a moment ago, as bits: 1 << reason. 0: the gate was open. */
unsigned gate_seen(const struct gate *gate);

/*
 * As gate_raise() if the reason holds, else as gate_clear(), once the event loop comes to it. Of several posts of one
 * reason the last counts. `message` and `remedy` are copied; they are not read where the reason does not hold.
 */
void gate_post(struct gate *gate, enum gate_reason reason, bool holds, const char *message,
               const char *remedy);

#endif
