/*
 * purger -- deletes shipped rows when they have been kept long enough, a little at a time, and gives pages back to the
 * disk.
 *
 * It is called between the steps of shipping, and takes a third of the time or one slice. The collector can commit while a
 * step needs no lock, but not surely between transactions right behind each other: who waits for the lock asks for it each
 * 0.25 ms (common/db.c), and often the next one has begun by then. A purge for 50 ms at a time kept events waiting for up
 * to 36 ms. So it is done only where rows have to go: they are late, or space is low.
 */
#ifndef UPLOADER_SHIP_PURGER_H
#define UPLOADER_SHIP_PURGER_H

#include "uploader/ship/purge_report.h"
#include "uploader/spool/spool.h"

struct purger_options {
    int64_t retention_ms; /* how long shipped events are kept */
    bool ships_rejects;   /* else old rejects are deleted without having been shipped */
};

struct purger {
    struct purger_options options;
    struct spool_out *spool;
    int64_t next_at, seldom_at; /* monotonic ms */
    int64_t ended_us;           /* monotonic: the last turn */
    struct purge_report report;
};

/*
 * Purges a little, if it is time to: the longer ago the last turn was, the more, and at least one slice. Right behind a turn
 * it sleeps for a moment first. Where space is low, it purges all shipped events, however short a time they were kept.
 * `*has_more`: call again at once. A purge that goes on for long is logged.
 */
MUST_CHECK enum result purger_turn(struct purger *purger, bool is_space_low, bool *has_more, struct why *why);

#endif
