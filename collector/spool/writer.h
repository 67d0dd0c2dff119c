/*
 * writer -- the thread that owns the spool's writing side: it opens the spool, and then commits all that waits, in one
 * transaction at a time.
 *
 * While the spool cannot be opened, the gate's reason `starting` holds, and the thread tries again. A spool that can
 * never be used ends the program: the thread asks for a stop (SIGTERM to this process), and writer_join() says why.
 */
#ifndef COLLECTOR_SPOOL_WRITER_H
#define COLLECTOR_SPOOL_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/gate/gate.h"
#include "collector/gate/space.h"
#include "collector/intake/intake.h"
#include "collector/spool/append.h"
#include "collector/spool/collector_row.h"
#include "collector/spool/handlers.h"
#include "common/histogram.h"

struct writer;

struct writer_parts { /* all that is pointed to is borrowed until writer_join() */
    const char *spool_path;
    const char *node; /* as spool_in_open() takes it */
    enum spool_sync sync;
    bool must_settle; /* as in collector/spool/opening.h */
    struct intake *intake;
    struct gate *gate;
    struct problems *problems;
    const struct lockfile *lock; /* the collector's, as long as the writer runs */
    struct histogram *commits;   /* gets how long each one takes */
    struct handlers_options handlers;
    struct space_rules rules;
    int64_t in_flight_bytes;   /* that may have been read and not been committed */
    int64_t rejects_max_bytes; /* what unshipped rejects may take; 0: no cap */
    struct collector_facts facts;
    struct listening *listening; /* begun by the writer before the gate opens, noted by the event loop */
};

/* `*writer` is NULL unless RES_OK. RES_BROKEN: the thread cannot be started. */
MUST_CHECK enum result writer_start(struct writer **writer, const struct writer_parts *parts,
                                    struct why *why);

/* Waits until the spool is open, or can never be, for `timeout_ms` at most. */
void writer_wait_until_open(struct writer *writer, int timeout_ms);

struct writer_counts {
    int64_t events, rejects; /* committed since the start */
    bool has_opened;         /* the spool */
    bool is_clean;           /* and nothing that was read is missing in it, nor in doubt */
};

/* From any thread: is the spool open, and what an earlier process has left in its log settled? */
bool writer_is_open(struct writer *writer);

/* A stop has been requested: what is not committed at `due` (monotonic ms) is given up. */
void writer_set_stop(struct writer *writer, int64_t due);

/* From any thread: bytes, as received, of what was given up at a stop. */
int64_t writer_lost_bytes(struct writer *writer);

/* After intake_finish(): has the thread ended? Waits for `timeout_ms` at most. */
bool writer_has_ended(struct writer *writer, int timeout_ms);

/*
 * After intake_finish(): waits for the thread, and frees.
 *   RES_BROKEN   something that had been read could not be committed: `why` has the numbers
 * Other errors are those of spool_in_open(): the spool cannot be used.
 */
MUST_CHECK enum result writer_join(struct writer *writer, struct writer_counts *counts, struct why *why);

/*
 * To be called every few seconds by another thread. A commit that hangs is reported to the gate as one that fails.
 * Returns for how long any other call of the writer's threads has lasted, in ms, with its name; 0: there is none.
 */
int64_t writer_watch(struct writer *writer, const char **call);

#endif
