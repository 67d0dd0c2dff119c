/*
 * writer -- the thread that owns the spool's writing side: one transaction for all that waits.
 *
 * A group that cannot be committed stays, and is tried until it can: reading stops, TCP holds the senders back. Nothing
 * is dropped but at a stop, when the disk has refused for WRITER_GIVE_UP_MS: that is said, and counted. Where a newer
 * program has taken the spool over, the writer asks for that stop itself (SIGTERM to this process).
 */
#ifndef COLLECTOR_SPOOL_WRITER_H
#define COLLECTOR_SPOOL_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/gate/space.h"
#include "collector/intake/intake.h"
#include "collector/spool/append.h"
#include "collector/spool/checkpointer.h"
#include "collector/spool/handlers.h"
#include "common/problems.h"

#define WRITER_GIVE_UP_MS 10000

struct writer;

struct writer_parts { /* all borrowed until writer_join() */
    struct spool_in *spool;
    const char *spool_path;
    struct intake *intake;
    struct checkpointer *checkpointer;
    struct handlers *handlers;
    struct problems *problems;
    struct space_rules rules;
    int64_t in_flight_bytes;   /* that the intake may hold */
    int64_t rejects_max_bytes; /* REJECTS_MAX_SIZE */
};

/* `*writer` is NULL unless RES_OK. Reading is stopped before this returns where there is no room for it. */
MUST_CHECK enum result writer_start(struct writer **writer, const struct writer_parts *parts,
                                    struct why *why);

struct writer_counts {
    int64_t events, rejects; /* committed since the start */
};

/*
 * After intake_finish(): waits for the last group, and frees.
 *   RES_RETRY    a newer program has taken the spool over: exit 75
 *   RES_BROKEN   something that was read could not be committed
 */
MUST_CHECK enum result writer_join(struct writer *writer, struct writer_counts *counts, struct why *why);

/* Is the thread turning? False when one try at a commit has been going on for `limit_ms`. */
bool writer_is_turning(struct writer *writer, int64_t limit_ms);

#endif
