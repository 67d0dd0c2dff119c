/*
 * writer -- the thread that owns the spool's writing side: one transaction for all that waits.
 *
 * A group that cannot be committed stays, and is tried until it can: the intake fills, reading stops, TCP holds the
 * senders back. Nothing is dropped but at a stop, when the disk has refused for WRITER_GIVE_UP_MS: that is said, and
 * counted.
 */
#ifndef COLLECTOR_WRITER_H
#define COLLECTOR_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/checkpointer.h"
#include "collector/intake.h"
#include "collector/requests.h"
#include "collector/spool_in.h"

#define WRITER_GIVE_UP_MS 10000

struct writer;

/* Borrows all four until writer_join(); `*writer` is NULL unless RES_OK. */
MUST_CHECK enum result writer_start(struct writer **writer, struct spool_in *spool, struct intake *intake,
                                    struct checkpointer *checkpointer, struct requests *requests,
                                    struct why *why);

struct writer_counts {
    int64_t events, rejects; /* committed since the start */
};

/* After intake_finish(): waits for the last group, and frees. RES_BROKEN when something read could not be committed. */
MUST_CHECK enum result writer_join(struct writer *writer, struct writer_counts *counts, struct why *why);

/* Does the disk refuse the group that is being tried? Then reading more would only lose more at a stop. */
bool writer_is_failing(struct writer *writer);

/* Is the thread turning? False when one try at a commit has been going on for `limit_ms`. */
bool writer_is_turning(struct writer *writer, int64_t limit_ms);

#endif
